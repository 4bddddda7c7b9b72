"""The rows of running: syncs, their schedule, the work table and its fair queue; and the keys of partners."""

from __future__ import annotations

from commerce_sync.models.api_key import ApiKey
from commerce_sync.models.company_queue import CompanyQueue
from commerce_sync.models.heartbeat import Heartbeat
from commerce_sync.models.job import Job
from commerce_sync.models.schedule import Schedule
from commerce_sync.models.sync import Sync

__all__ = ["ApiKey", "CompanyQueue", "Heartbeat", "Job", "Schedule", "Sync"]
