"""The merchants of the run and their lives: they sell, change and delete sales, and their syncs are rung for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final

import requests
from msgspec import Struct

from commerce_sync.api_keys import create_key
from commerce_sync.models import Schedule
from commerce_sync.services import save_schedule
from connectors import credentials
from connectors.auth import Secrets
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce, link
from ledger.calendar import DayRule
from ledger.models import Company, Partner
from ledger.services import create_company, save_book
from tests.faults.place import TOKEN_SECONDS, Place, Side
from tests.faults.platforms import BOOKS, Till

ACTOR: Final = "tests.faults"
ZONES: Final = (
    "Europe/London", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "America/St_Johns", "Pacific/Kiritimati",
)  # fmt: skip
BELL_SECRET: Final = "the bell of the fault run"
DAYS_BACK: Final = 6


class Merchant(Struct):
    """One merchant: its company here, its till and its books outside. ``way`` is how its syncs are asked for."""

    company: Company
    till: Side
    books: Side
    sales: Connection
    accounting: Connection
    zone: str
    way: str
    made: int = 0


class Town(Struct):
    """All merchants, and what they are reached by."""

    place: Place
    merchants: list[Merchant]
    key: str
    random: Random
    reconnected: int = 0


def a_town(place: Place, count: int, seed: int) -> Town:
    """So many merchants, spread over zones, kinds of books and ways of being synced."""
    partner = Partner.objects.create(name="Fault run", currency="GBP", zone="Europe/London")
    key = create_key(partner=partner, name="run", actor=ACTOR).secret
    return Town(place, [_merchant(place, partner, n) for n in range(count)], key, Random(seed + 3))  # noqa: S311


def _merchant(place: Place, partner: Partner, number: int) -> Merchant:
    zone, kind = ZONES[number % len(ZONES)], BOOKS[number % len(BOOKS)]
    company = create_company(partner=partner, name=f"Merchant {number}", currency="GBP", zone=zone, actor=ACTOR)
    till, books = place.side(f"till{number}"), place.side(f"books{number}")
    books.keyed, books.unique = kind.keyed, kind.safety.unique_ref
    sales = connect_commerce(company=company, platform=Till.key, actor=ACTOR)
    accounting = connect_accounting(company=company, platform=kind.key, actor=ACTOR)
    for connection, side in ((sales, till), (accounting, books)):
        connection.settings = {"base_url": place.server.url}
        connection.save(update_fields=["settings"])
        hand_over(connection, side)
    first = datetime.now(UTC).date() - timedelta(days=DAYS_BACK * 10)
    save_book(
        company=company, book=default_book("GBP", (DayRule(first, zone, 0),)), author=ACTOR, reason="start"
    )  # fmt: skip
    way = ("event", "schedule", "request")[number // len(BOOKS) % 3]
    frequency = Schedule.Frequency.EVENT if way == "event" else Schedule.Frequency.HOURLY
    save_schedule(company=company, frequency=frequency, hour=4, zone=zone, actor=ACTOR, enabled=way != "request")
    return Merchant(company, till, books, sales, accounting, zone, way)


def hand_over(connection: Connection, side: Side) -> None:
    """The tokens that the platform gave, as after a consent."""
    ends = datetime.now(UTC) + timedelta(seconds=TOKEN_SECONDS)
    bell = (BELL_SECRET,) if connection.kind == Connection.Kind.COMMERCE else ()
    known = Secrets(access_token=side.access, refresh_token=side.refresh, expires_at=ends, webhook_secrets=bell)
    credentials.store(connection_id=connection.pk, secrets=known)


def live(town: Town, merchant: Merchant) -> None:
    """Some sales are made, changed and deleted at the till."""
    random, now = town.random, datetime.now(UTC)
    with town.place.server.lock:
        rows = merchant.till.rows
        for _ in range(random.randrange(1, 4)):
            merchant.made += 1
            sold = now - timedelta(days=random.randrange(DAYS_BACK), seconds=random.randrange(80_000))
            rows[f"s{merchant.made}"] = _row(merchant.made, random.randrange(100, 90_000), sold, now)
        if rows and random.random() < 0.3:
            chosen = random.choice(list(rows))
            rows[chosen] = {**rows[chosen], "total": _major(random.randrange(100, 90_000)), "changed": _text(now)}
        if rows and random.random() < 0.1:
            chosen = random.choice(list(rows))
            rows[chosen] = {**rows[chosen], "deleted": True, "changed": _text(now)}


def _row(number: int, total: int, sold: datetime, changed: datetime) -> dict[str, Any]:
    return {
        "id": f"s{number}", "total": _major(total), "sold": _text(sold), "changed": _text(changed),
        "title": "Tea", "deleted": False,
    }  # fmt: skip


def _major(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def ask(town: Town, merchant: Merchant, site: str) -> None:
    """See to a sync of the merchant in its own way; what is lost here is asked for again later, or by the clock."""
    try:
        if merchant.way == "event":
            _ring(town, merchant, site)
        elif merchant.way == "request":
            _request(town, merchant, site)
        else:
            Schedule.objects.filter(company=merchant.company).update(next_due_at=datetime.now(UTC) - timedelta(days=1))
    except requests.RequestException:
        return


def _ring(town: Town, merchant: Merchant, site: str) -> None:
    """A delivery of the till, sometimes twice."""
    body = json.dumps({"id": secrets.token_hex(8), "type": "sale.created"}).encode()
    seal = base64.b64encode(hmac.new(BELL_SECRET.encode(), body, hashlib.sha256).digest()).decode()
    for _ in range(town.random.choice((1, 1, 2))):
        requests.post(
            f"{site}/webhooks/{Till.key.replace('_', '-')}/{merchant.sales.public_id}", body,
            headers={"X-Seal": seal, "Content-Type": "application/json"}, timeout=5,
        )  # fmt: skip


def _request(town: Town, merchant: Merchant, site: str) -> None:
    """A partner's request, sometimes sent again under the same key."""
    login = base64.b64encode(town.key.encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Idempotency-Key": secrets.token_hex(8)}
    for _ in range(town.random.choice((1, 1, 2))):
        requests.post(f"{site}/companies/{merchant.company.public_id}/sync/commerce/latest", headers=headers, timeout=5)


def reconnect_the_lost(town: Town) -> None:
    """Merchants whose access was lost (a strict platform, and an answer that never came) connect again."""
    for merchant in town.merchants:
        for connection, side in ((merchant.sales, merchant.till), (merchant.accounting, merchant.books)):
            connection.refresh_from_db(fields=["status"])
            if connection.status != Connection.Status.LINKED:
                with town.place.server.lock:
                    side.renew()
                hand_over(connection, side)
                link(connection, actor=ACTOR)
                town.reconnected += 1


def sold_by_day(merchant: Merchant) -> dict[date, int]:
    """Business day → what the till says was sold, in minor units: the truth that everything is held against."""
    from zoneinfo import ZoneInfo

    found: dict[date, int] = {}
    for row in merchant.till.rows.values():
        if not row["deleted"]:
            day = datetime.fromisoformat(row["sold"]).astimezone(ZoneInfo(merchant.zone)).date()
            pounds, pence = row["total"].split(".")
            found[day] = found.get(day, 0) + int(pounds) * 100 + int(pence)
    return found
