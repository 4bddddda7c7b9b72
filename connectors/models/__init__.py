"""The rows of the outside world."""

from __future__ import annotations

from connectors.models.budget import BudgetLine
from connectors.models.call import Call
from connectors.models.connection import Connection
from connectors.models.credential import Credential
from connectors.models.option import Option
from connectors.models.reference import Reference

__all__ = ["BudgetLine", "Call", "Connection", "Credential", "Option", "Reference"]
