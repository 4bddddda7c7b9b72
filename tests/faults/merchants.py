"""The merchants of the run and their lives: they sell, change and delete sales, and their syncs are rung for."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

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
from tests.platforms.hostile_books import Hostile

ACTOR: Final = "tests.faults"
ZONES: Final = (
    "Europe/London", "America/New_York", "Asia/Tokyo", "Australia/Sydney", "America/St_Johns", "Pacific/Kiritimati",
)  # fmt: skip
BELL_SECRET: Final = "the bell of the fault run"
DAYS_BACK: Final = 6
NIGHTS_BACK: Final = 250  # days in which the last two nights of another clock are found
CUTOFFS: Final = (0, 4, 0, 5)
CLOCK_JUMPS: Final = 3  # days by which a scheduled run may believe that it is earlier
LONGEST_ASK: Final = 2.0


class Merchant(Struct):
    """One merchant: its company here, its till and its books outside. ``way`` is how its syncs are asked for."""

    company: Company
    till: Side
    books: Side
    sales: Connection
    accounting: Connection
    zone: str
    cutoff: int
    nights: list[datetime]
    way: str
    made: int = 0


class Town(Struct):
    """All merchants, and what they are reached by. `is_spread`: what is sold between two syncs is on several days."""

    place: Place
    merchants: list[Merchant]
    key: str
    random: Random
    callers: ThreadPoolExecutor
    is_spread: bool = False
    reconnected: int = 0
    asked: dict[str, int] = {}


def a_town(place: Place, count: int, seed: int, kinds: Sequence[str] = ()) -> Town:
    """So many merchants, spread over zones, kinds of books (all, or those named) and ways of being synced."""
    partner = Partner.objects.create(name="Fault run", currency="GBP", zone="Europe/London")
    key = create_key(partner=partner, name="run", actor=ACTOR).secret
    books = [kind for kind in BOOKS if not kinds or kind.key.removeprefix("fault_") in kinds]
    merchants = [_merchant(place, partner, n, books[n % len(books)]) for n in range(count)]
    return Town(place, merchants, key, Random(seed + 3), ThreadPoolExecutor(6))  # noqa: S311


def _merchant(place: Place, partner: Partner, number: int, kind: type[Hostile]) -> Merchant:
    zone = ZONES[number % len(ZONES)]
    cutoff = CUTOFFS[number // len(ZONES) % len(CUTOFFS)]
    company = create_company(partner=partner, name=f"Merchant {number}", currency="GBP", zone=zone, actor=ACTOR)
    till, books = place.side(f"till{number}"), place.side(f"books{number}")
    books.keyed, books.unique = kind.keyed, kind.safety.unique_ref
    sales = connect_commerce(company=company, platform=Till.key, actor=ACTOR)
    accounting = connect_accounting(company=company, platform=kind.key, actor=ACTOR)
    for connection, side in ((sales, till), (accounting, books)):
        connection.settings = {"base_url": place.server.url}
        connection.save(update_fields=["settings"])
        hand_over(connection, side)
    rules = (DayRule(datetime.now(UTC).date() - timedelta(days=NIGHTS_BACK * 2), zone, cutoff),)
    save_book(company=company, book=default_book("GBP", rules), author=ACTOR, reason="start")
    way = ("event", "schedule", "request")[number // len(BOOKS) % 3]
    frequency = Schedule.Frequency.EVENT if way == "event" else Schedule.Frequency.HOURLY
    save_schedule(company=company, frequency=frequency, hour=4, zone=zone, actor=ACTOR, enabled=way != "request")
    return Merchant(company, till, books, sales, accounting, zone, cutoff, nights_of(zone), way)


def nights_of(zone: str) -> list[datetime]:
    """Noons (UTC) before the nights in which the clock of the zone was last set on or back."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=1)
    noons = [noon - timedelta(days=back) for back in range(NIGHTS_BACK)]
    clock = ZoneInfo(zone)
    moved = [before for after, before in pairwise(noons) if clock.utcoffset(after) != clock.utcoffset(before)]
    return moved[:2]


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
        moment = _a_moment(merchant, random, now)
        for _ in range(random.randrange(1, 4)):
            merchant.made += 1
            moment = _a_moment(merchant, random, now) if town.is_spread else moment
            sold = moment - timedelta(seconds=random.randrange(10_000))
            rows[f"s{merchant.made}"] = _row(merchant.made, random.randrange(100, 90_000), sold, now)
        if rows and random.random() < 0.3:
            chosen = random.choice(list(rows))
            rows[chosen] = {**rows[chosen], "total": _major(random.randrange(100, 90_000)), "changed": _text(now)}
        if rows and random.random() < 0.1:
            chosen = random.choice(list(rows))
            rows[chosen] = {**rows[chosen], "deleted": True, "changed": _text(now)}


def _a_moment(merchant: Merchant, random: Random, now: datetime) -> datetime:
    """Of the last days, or of a night in which the merchant's clock was set on or back."""
    if merchant.nights and random.random() < 0.3:
        return random.choice(merchant.nights) + timedelta(seconds=random.randrange(86_400))
    return now - timedelta(days=random.randrange(DAYS_BACK), seconds=random.randrange(80_000))


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
    town.asked[merchant.way] = town.asked.get(merchant.way, 0) + 1
    times = town.random.choice((1, 1, 2))
    if merchant.way == "event":
        town.callers.submit(_ring, town, merchant, site, times)
    elif merchant.way == "request":
        town.callers.submit(_request, town, merchant, site, times)
    else:
        # The run's last business day is that of its due time: by that, the merchant's clock jumps to and fro by days.
        due = datetime.now(UTC) - timedelta(hours=town.random.randrange(24 * CLOCK_JUMPS))
        frequency = town.random.choice((Schedule.Frequency.HOURLY, Schedule.Frequency.DAILY))
        Schedule.objects.filter(company=merchant.company).update(next_due_at=due, frequency=frequency)


def _ring(town: Town, merchant: Merchant, site: str, times: int) -> None:
    """A delivery of the till, sometimes twice."""
    body = json.dumps({"id": secrets.token_hex(8), "type": "sale.created"}).encode()
    seal = base64.b64encode(hmac.new(BELL_SECRET.encode(), body, hashlib.sha256).digest()).decode()
    path = f"/webhooks/{Till.key.replace('_', '-')}/{merchant.sales.public_id}"
    _post(f"{site}{path}", times, {"X-Seal": seal, "Content-Type": "application/json"}, body)


def _request(town: Town, merchant: Merchant, site: str, times: int) -> None:
    """A partner's request, sometimes sent again under the same key."""
    login = base64.b64encode(town.key.encode()).decode()
    headers = {"Authorization": f"Basic {login}", "Idempotency-Key": secrets.token_hex(8)}
    _post(f"{site}/companies/{merchant.company.public_id}/sync/commerce/latest", times, headers)


def _post(url: str, times: int, headers: dict[str, str], body: bytes = b"") -> None:
    for _ in range(times):
        with contextlib.suppress(requests.RequestException):
            requests.post(url, body, headers=headers, timeout=LONGEST_ASK)


def reconnect_the_lost(town: Town) -> None:
    """Merchants whose access was lost (a strict platform, and an answer that never came) connect again."""
    lost = set(Connection.objects.exclude(status=Connection.Status.LINKED).values_list("pk", flat=True))
    for merchant in town.merchants:
        for connection, side in ((merchant.sales, merchant.till), (merchant.accounting, merchant.books)):
            if connection.pk in lost:
                with town.place.server.lock:
                    side.renew()
                hand_over(connection, side)
                link(connection, actor=ACTOR)
                town.reconnected += 1


def sold_by_day(merchant: Merchant) -> dict[date, int]:
    """Business day → what the till says was sold, in minor units: the truth that everything is held against."""
    found: dict[date, int] = {}
    for row in merchant.till.rows.values():
        if not row["deleted"]:
            clock = datetime.fromisoformat(row["sold"]).astimezone(ZoneInfo(merchant.zone))
            day = clock.date() - timedelta(days=clock.hour < merchant.cutoff)
            pounds, pence = row["total"].split(".")
            found[day] = found.get(day, 0) + int(pounds) * 100 + int(pence)
    return found
