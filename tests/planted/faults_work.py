"""Faults of work: deliveries, connections, syncs, mapping, partners' addresses, and the installation."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from django.utils import timezone
from msgspec.structs import replace

from commerce_sync.models import Job, Schedule, Sync
from commerce_sync.services import pause, request_sync
from commerce_sync.undo import plan_undo, request_undo
from connectors.credentials import Secrets, store
from connectors.general_ledger.accounts import archive_account
from connectors.general_ledger.periods import lock_period
from connectors.models import Credential, Option, PushItem, Reference, Watermark
from connectors.services import deauthorize
from health.models import WebhookEndpoint
from health.webhooks.services import add_endpoint
from ledger.book import TaxCode
from ledger.models import Company
from ledger.services import create_company
from tests.planted.fault import Fault
from tests.planted.shops import SHOP
from tests.planted.world import (
    ACTOR,
    Shop,
    deliver,
    document_of,
    kept,
    open_shop,
    partner,
    posted,
    receive,
    sync,
    tamper,
)


def ago(**spans: int) -> datetime:
    """An instant before now."""
    return timezone.now() - timedelta(**spans)


def account_archived(key: str) -> Shop:
    """The account for fees was archived between posting and delivery, so documents are refused."""
    shop = posted(key)
    archive_account(connection_id=shop.books.pk, code="6000", actor=ACTOR)
    deliver(shop)
    return shop


def tax_rate_archived(key: str) -> Shop:
    """The tax rate that the book names was archived in the accounting software."""
    shop = kept(key, change=lambda book: replace(book, tax_codes=(TaxCode("vat-20", "OUTPUT"),)))
    _option(shop, Option.Kind.TAX_RATE, "OUTPUT", "20 % VAT on income")
    return shop


def supplier_archived(key: str) -> Shop:
    """The supplier that fees are billed by was archived in the accounting software."""
    shop = kept(key, change=lambda book: replace(book, supplier="sup-1"))
    _option(shop, Option.Kind.SUPPLIER, "sup-1", "Card processor")
    return shop


def _option(shop: Shop, kind: str, external_id: str, name: str) -> None:
    Option.objects.create(
        connection=shop.books, kind=kind, external_id=external_id, code=external_id, name=name, active=False,
        fetched_at=timezone.now(),
    )  # fmt: skip


def period_locked(key: str) -> Shop:
    """The period was closed between posting and delivery."""
    shop = posted(key)
    lock_period(connection_id=shop.books.pk, through=shop.day(30), author=ACTOR)
    deliver(shop)
    return shop


def outcome_unknown(key: str) -> Shop:
    """A document was sent, and nobody knows whether it arrived."""
    shop = posted(key)
    row = document_of(shop, shop.day(2))
    then = ago(hours=5)
    PushItem.objects.create(
        document=row, company=shop.company, connection=shop.books, state="unknown", attempts=1, claimed_at=then,
        deadline_at=then, updated_at=then,
    )  # fmt: skip
    deliver(shop)
    return shop


def not_delivered(key: str) -> Shop:
    """Documents have waited for three days, though a sync went well."""
    shop = kept(key)
    rows = shop.company.documents.order_by("-id")[:2]
    for row in rows:
        tamper("DELETE FROM connectors_pushitem WHERE document_id = %s", row.pk)
        tamper("DELETE FROM connectors_binding WHERE document_id = %s", row.pk)
        tamper("DELETE FROM books_line WHERE entry_id IN (SELECT id FROM books_entry WHERE document_key = %s)", row.key)
        tamper("DELETE FROM books_entry WHERE document_key = %s", row.key)
        tamper("UPDATE ledger_document SET pushed_at = NULL WHERE id = %s", row.pk)
    tamper("UPDATE ledger_posting SET created_at = %s WHERE company_id = %s", ago(days=3), shop.company.pk)
    return shop


def access_lost(key: str) -> Shop:
    """The platform revoked our token, and the syncs since then failed."""
    shop = kept(key)
    deauthorize(connection_id=shop.books.pk, actor="engine", reason="invalid_grant")
    _failed(shop, 4220, "deauthorized", "The platform no longer accepts our access.", "merchant")
    return shop


def access_ends_soon(key: str) -> Shop:
    """Access that cannot be renewed ends in three days."""
    shop = kept(key)
    store(connection_id=shop.sales.pk, secrets=Secrets(access_token="x", expires_at=timezone.now() + timedelta(days=3)))
    tamper("UPDATE connectors_credential SET updated_at = %s WHERE connection_id = %s", ago(days=80), shop.sales.pk)
    assert Credential.objects.filter(connection=shop.sales).exists()
    return shop


def nothing_read(key: str) -> Shop:
    """A shop that is pulled from could not be read for four days."""
    shop = kept(key)
    tamper("UPDATE connectors_connection SET platform = 'square' WHERE id = %s", shop.sales.pk)
    Watermark.objects.create(connection=shop.sales, dataset="orders", reached_at=ago(days=4), pulled_at=ago(days=4))
    return shop


def bell_switched_off(key: str) -> Shop:
    """The platform switched off its webhook to us."""
    shop = kept(key)
    Reference.objects.create(
        connection=shop.sales, kind="webhook", external_id="7", name="order.updated", first_seen_at=ago(days=9),
        last_seen_at=ago(hours=1),
        detail={"status": "disabled", "url": f"https://sync.example.com/webhooks/woocommerce/{shop.sales.public_id}"},
    )  # fmt: skip
    return shop


def syncs_fail(key: str) -> Shop:
    """The platform has answered with errors for two days."""
    shop = kept(key)
    for _ in range(2):
        _failed(shop, 5120, "PlatformDown", "The platform could not be reached or is out of order.", "nobody")
    return shop


def _failed(shop: Shop, code: int, failure: str, sentence: str, turn: str) -> None:
    Sync.objects.create(
        company=shop.company, trigger="schedule", through_day=shop.last_day, code=code, stage="done",
        started_at=ago(hours=5), finished_at=ago(hours=4), failure_code=failure, failure_sentence=sentence,
        failure_remedy="Wait, or connect again.", failure_turn=turn,
    )  # fmt: skip


def paused(key: str) -> Shop:
    """The company was paused after 31 failing days."""
    shop = kept(key)
    pause(company=shop.company, reason="31 business days have failed in a row", actor="engine")
    return shop


def overdue(key: str) -> Shop:
    """Its sync was due six hours ago, and nobody began it."""
    shop = kept(key)
    Schedule.objects.filter(company=shop.company).update(next_due_at=ago(hours=6))
    return shop


def stuck(key: str) -> Shop:
    """Its sync began nine hours ago and is held by a worker that hangs."""
    shop = kept(key)
    Schedule.objects.filter(company=shop.company).update(next_due_at=timezone.now() + timedelta(hours=9))
    begun = request_sync(company=shop.company, through=shop.last_day)
    tamper("UPDATE commerce_sync_sync SET started_at = %s WHERE id = %s", ago(hours=9), begun.pk)
    Job.objects.filter(sync=begun).update(state="running", attempts=1, lease_until=ago(hours=8), lease_token=uuid4())
    return shop


def given_up(key: str) -> Shop:
    """A job failed eight times."""
    shop = kept(key)
    Job.objects.create(
        kind="fetch", company=shop.company, key=f"dead {key}", state="dead", attempts=8, next_at=ago(hours=3),
        created_at=ago(hours=4), last_error="Traceback …\nKeyError: 'rate'",
    )  # fmt: skip
    return shop


def undo_hangs(key: str) -> Shop:
    """An undo was asked for half a day ago and is not done."""
    shop = kept(key)
    last = Sync.objects.filter(company=shop.company).latest("id")
    plan = plan_undo(company=shop.company, sync=last)
    undo = request_undo(company=shop.company, plan_digest=plan.digest, sync=last, actor=ACTOR)
    tamper("UPDATE commerce_sync_undo SET requested_at = %s WHERE id = %s", ago(hours=12), undo.pk)
    tamper("DELETE FROM commerce_sync_job WHERE sync_id = %s", undo.run_id)
    return shop


def no_account_chosen(key: str) -> Shop:
    """Nobody chose an account for shipping: it went to suspense."""
    return kept(key, change=lambda book: replace(book, accounts=_without(book.accounts, "shipping")))


def held_for_an_account(key: str) -> Shop:
    """Nobody chose an account for service charges, and this merchant wants its days held until then."""
    policy = {"unmapped": "hold"}
    return _kept_or_held(key, lambda book: replace(
        book, accounts=_without(book.accounts, "service_charge"), policy=replace(book.policy, **policy)
    ))  # fmt: skip


def _kept_or_held(key: str, change: Any) -> Shop:
    shop = open_shop(key, change=change)
    receive(shop)
    sync(shop)
    return shop


def _without(accounts: dict[str, str], role: str) -> dict[str, str]:
    return {name: account for name, account in accounts.items() if name != role}


def does_not_add_up(key: str) -> Shop:
    """The till states a penny more than its lines make."""
    return _changed_order(
        key, lambda row: row.update(totalAmount=row["totalAmount"] + type(row["totalAmount"])("0.01"))
    )


def foreign_currency(key: str) -> Shop:
    """A sale in dollars, for which this merchant has no accounts."""

    def in_dollars(row: Any) -> None:
        row["currency"] = "USD"
        for payment in row["payments"]:
            payment["currency"] = "USD"

    return _changed_order(key, in_dollars)


def tax_not_told(key: str) -> Shop:
    """The till did not say what tax is on a line."""

    def silent(row: Any) -> None:
        row.pop("totalTaxAmount", None)
        for line in row["orderLineItems"]:
            for name in ("taxes", "totalTaxAmount", "taxPercentage"):
                line.pop(name, None)

    return _changed_order(key, silent)


def _changed_order(key: str, change: Any) -> Shop:
    """A shop of which one cash sale is told otherwise."""
    shop = open_shop(key)
    row = next(
        row
        for back in range(3, 30)
        for row in shop.days[shop.day(back)]["orders"]
        if all(paid["type"] == "Cash" for paid in row["payments"])
    )
    change(row)
    receive(shop)
    sync(shop)
    return shop


def refund_too_large(key: str) -> Shop:
    """More was given back than was sold."""
    shop = open_shop(key)
    for day in sorted(shop.days, reverse=True)[3:]:
        found = [row for row in shop.days[day]["transactions"] if row["type"] == "Refund"]
        if found:
            found[0]["totalAmount"] = found[0]["totalAmount"] * 100
            break
    receive(shop)
    sync(shop)
    return shop


def address_silent(key: str) -> None:
    """A partner's webhook address has not answered for two days."""
    endpoint = _endpoint("https://hooks.example.com/silent")
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=ago(days=2), failures=9)


def address_disabled(key: str) -> None:
    """A partner's webhook address was disabled."""
    endpoint = _endpoint("https://hooks.example.com/gone")
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(disabled_at=ago(hours=2), disabled_reason="It answered 410.")


def _endpoint(url: str) -> WebhookEndpoint:
    return add_endpoint(partner=partner(), url=url, description="", event_types=[], actor=ACTOR).row


def nobody_works(key: str) -> None:
    """Work has been due for an hour, and no worker has been seen since yesterday."""
    company: Company = create_company(
        partner=partner(), name=f"Waiting {key}", currency="GBP", zone=SHOP.zone, actor=ACTOR
    )
    Job.objects.create(
        kind="fetch", company=company, key=f"waits {key}", next_at=ago(hours=1), created_at=ago(hours=1)
    )  # fmt: skip
    tamper("UPDATE commerce_sync_heartbeat SET at = %s", ago(days=1))


_HELD: Final = frozenset({"sync_failing", "clearing_differs"})
_OPEN: Final = frozenset({"clearing_differs", "clearing_aged"})
_CLEARED: Final = frozenset({"clearing_differs", "gift_cards_differ", "delivery_waiting"})
FAULTS: Final = (
    Fault("a chosen account archived, documents refused", "account_archived", account_archived, _CLEARED),
    Fault("a chosen tax rate archived", "tax_rate_archived", tax_rate_archived),
    Fault("a chosen supplier archived", "contact_archived", supplier_archived),
    Fault("a period closed before delivery", "delivery_refused", period_locked, _CLEARED),
    Fault("a delivery without a known outcome", "delivery_unknown", outcome_unknown, _CLEARED),
    Fault("documents not delivered", "delivery_waiting", not_delivered, _CLEARED),
    Fault("a token revoked", "connection_lost", access_lost),
    Fault("access that ends soon", "connection_expiring", access_ends_soon),
    Fault("nothing read for four days", "connection_stale", nothing_read),
    Fault("a bell switched off", "webhooks_off", bell_switched_off),
    Fault("a platform out of order for days", "sync_failing", syncs_fail),
    Fault("a company paused", "company_paused", paused),
    Fault("a sync overdue", "sync_overdue", overdue),
    Fault("a job given up", "job_dead", given_up),
    Fault("an undo that does not end", "undo_stuck", undo_hangs, frozenset({"sync_stuck"})),
    Fault("no account chosen", "posted_to_suspense", no_account_chosen),
    Fault("days held for an account", "unmapped_role", held_for_an_account, _HELD),
    Fault("a sale that does not add up", "lines_do_not_add_up", does_not_add_up, frozenset({"stated_differs"})),
    Fault("a sale in a currency without accounts", "wrong_currency", foreign_currency),
    Fault("tax not told", "taxes_unknown", tax_not_told),
    Fault("more given back than sold", "refund_exceeds_original", refund_too_large, _OPEN),
    Fault("a webhook address silent", "endpoint_failing", address_silent),
    Fault("a webhook address disabled", "endpoint_disabled", address_disabled),
    # The last two: whoever works on anything later takes up the job of the worker that hangs, and is seen at work.
    Fault("a sync that does not end", "sync_stuck", stuck),
    Fault("nobody at work", "workers_gone", nobody_works, frozenset({"work_waiting", "check_failed"})),
)  # fmt: skip
