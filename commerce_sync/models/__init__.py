"""The rows of running: syncs, their schedule, the work table and its fair queue; and what belongs to partners."""

from __future__ import annotations

from commerce_sync.models.allowance import Allowance
from commerce_sync.models.api_key import ApiKey
from commerce_sync.models.brand_picture import BrandPicture
from commerce_sync.models.branding import Branding
from commerce_sync.models.company_queue import CompanyQueue
from commerce_sync.models.erasure import Erasure
from commerce_sync.models.fetch import Fetch
from commerce_sync.models.flow_text import FlowText
from commerce_sync.models.heartbeat import Heartbeat
from commerce_sync.models.job import Job
from commerce_sync.models.list_mark import ListMark
from commerce_sync.models.registered_origin import RegisteredOrigin
from commerce_sync.models.schedule import Schedule
from commerce_sync.models.setup_draft import SetupDraft
from commerce_sync.models.setup_link import SetupLink
from commerce_sync.models.stored_answer import StoredAnswer
from commerce_sync.models.sync import Sync
from commerce_sync.models.sync_day import SyncDay
from commerce_sync.models.undo import Undo
from commerce_sync.models.visible_accounts import VisibleAccounts

__all__ = [
    "Allowance",
    "ApiKey",
    "BrandPicture",
    "Branding",
    "CompanyQueue",
    "Erasure",
    "Fetch",
    "FlowText",
    "Heartbeat",
    "Job",
    "ListMark",
    "RegisteredOrigin",
    "Schedule",
    "SetupDraft",
    "SetupLink",
    "StoredAnswer",
    "Sync",
    "SyncDay",
    "Undo",
    "VisibleAccounts",
]
