"""What each role may see and do at the console. This table is the whole truth: nothing is granted in the database."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from health.models.member import Member


class Right(StrEnum):
    """What can be done at the console beyond looking. The names are those of Django's permissions."""

    WORK_FINDINGS = "health.change_finding"  # assign, comment, escalate, resolve, ignore
    RETRY = "connectors.change_pushitem"  # send refused documents again
    SYNC = "commerce_sync.add_sync"  # ask for a sync
    PAUSE = "commerce_sync.change_schedule"  # pause and resume
    UNDO = "commerce_sync.add_undo"
    MAP = "ledger.add_bookversion"  # change how sales are kept
    VIEW_AS = "commerce_sync.add_setuplink"  # look at the merchant's pages as the merchant does
    RAW = "connectors.view_page"  # payloads as they came, with customers' data in them
    CALLS = "connectors.view_call"
    KEYS = "commerce_sync.change_apikey"
    ADD_KEYS = "commerce_sync.add_apikey"
    BRAND = "commerce_sync.change_branding"
    ADD_BRAND = "commerce_sync.add_branding"
    ALERTS = "health.change_alertrule"
    REPLAY = "health.change_webhookdelivery"  # have partners told again
    PEOPLE = "health.change_member"
    ERASE = "commerce_sync.add_erasure"  # forget a customer, or all persons of a company that left


_COMPANIES: Final = ("ledger.partner", "ledger.company", "ledger.auditentry", "ledger.source", "health.finding",
    "health.findingevent", "health.companycontact", "commerce_sync.sync", "commerce_sync.schedule",
    "commerce_sync.undo", "connectors.connection")  # fmt: skip
_MONEY: Final = ("ledger.bookversion", "ledger.recordrow", "ledger.posting", "ledger.document", "ledger.documentline",
    "ledger.problemrow", "connectors.binding", "connectors.pushitem", "connectors.option", "connectors.reference",
    "connectors.booksentry", "connectors.booksline", "connectors.booksaccount", "connectors.bookstaxrate",
    "connectors.bookslock", "connectors.stocklevel", "connectors.stockrule", "connectors.purchaseorder")  # fmt: skip
_SUPPORTED: Final = ("commerce_sync.branding", "connectors.page", "connectors.call", "connectors.watermark",
    "connectors.incomingwebhook", "commerce_sync.job", "commerce_sync.heartbeat", "health.webhookendpoint",
    "health.webhookevent", "health.webhookdelivery", "health.webhookattempt", "health.alertrule",
    "health.alert", "health.alarm")  # fmt: skip
_TECHNICAL: Final = (*_SUPPORTED, "connectors.bookmark", "connectors.credential", "connectors.budgetline",
    "commerce_sync.companyqueue", "commerce_sync.apikey")  # fmt: skip


def _looking(*models: str) -> frozenset[str]:
    return frozenset(f"{app}.view_{name}" for app, _, name in (model.partition(".") for model in models))


RIGHTS: Final[dict[str, frozenset[str]]] = {
    Member.Role.SUPPORT: _looking(*_COMPANIES, *_MONEY, *_SUPPORTED)
    | {Right.WORK_FINDINGS, Right.RETRY, Right.SYNC, Right.PAUSE, Right.VIEW_AS},
    Member.Role.FINANCE: _looking(*_COMPANIES, *_MONEY) | {Right.WORK_FINDINGS, Right.SYNC, Right.UNDO, Right.MAP},
    Member.Role.ENGINEER: _looking(*_COMPANIES, *_MONEY, *_TECHNICAL)
    | {Right.WORK_FINDINGS, Right.RETRY, Right.SYNC, Right.PAUSE, Right.VIEW_AS, Right.REPLAY},
    Member.Role.ADMINISTRATOR: _looking(*_COMPANIES, *_MONEY, *_TECHNICAL, "health.member")
    | frozenset(Right)
    | {"health.add_alertrule", "health.delete_alertrule", "health.add_member", "health.delete_member"},
}
