"""The rows of running: syncs, their schedule, the work table and its fair queue."""

from __future__ import annotations

from commerce_sync.models.company_queue import CompanyQueue
from commerce_sync.models.heartbeat import Heartbeat
from commerce_sync.models.job import Job
from commerce_sync.models.schedule import Schedule
from commerce_sync.models.sync import Sync

__all__ = ["CompanyQueue", "Heartbeat", "Job", "Schedule", "Sync"]
