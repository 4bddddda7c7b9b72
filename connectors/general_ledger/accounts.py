"""The chart of accounts and the tax rates of a connection: add, rename, archive; each change is audited.

Archiving holds the connection's row for update, so that no push that has already read the account as open comes
after it.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now

from connectors.errors import Refused, RefusalReason
from connectors.general_ledger.chart import DEFAULT_CHART, AccountType, ChartAccount
from connectors.models import Connection
from connectors.models.books_account import BooksAccount
from connectors.models.books_line import BooksLine
from connectors.models.books_tax_rate import BooksTaxRate
from ledger.models import AuditEntry
