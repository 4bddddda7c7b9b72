"""Orders pulled from Square: through the door into the tables, against fetching and decoding the same pages alone.

Both sides ask the same server, a process of its own with pages of 250 made before. The floor is what a plain script
does that knows what is fast: `requests` with one kept connection, and msgspec for the JSON. The real path is
`connectors.pull.pull_stream` with its door (budget, trace, limits), raw pages, versions and watermark. The rate that
Square bears is not waited for: the budget is booked for each call, at a rate that is never reached.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import msgspec
import requests
from django.conf import settings

from connectors import credentials
from connectors.auth import Secrets
from connectors.commerce.square import Square
from connectors.declare import Budget, Rate
from connectors.http import open_door
from connectors.models import Connection, Page
from connectors.pull import PullResult, pull_stream
from connectors.services import connect_commerce
from connectors.session import MapContext, Session
from ledger.services import create_company
from tests.benchmarks.database import BenchmarkDatabase
from tests.benchmarks.measuring import Result, Stopwatch, progress
from tests.benchmarks.real import new_partner
from tests.platforms.square.pricing import Json, money, priced

PULL_GOAL = 2.5
MAPPING_GOAL = 1_000_000 / 30_000  # microseconds an order
PAGE_ROWS = 250
START = datetime(2026, 3, 2, 14, tzinfo=UTC)
TAXES = (
    {"uid": "state", "catalog_object_id": "TAX_STATE", "name": "State tax", "percentage": "4", "type": "ADDITIVE"},
    {"uid": "city", "catalog_object_id": "TAX_CITY", "name": "City tax", "percentage": "4.5", "type": "ADDITIVE"},
)


def order(number: int, chance: Random) -> Json:
    """A card sale of three lines under two taxes, with a discount on one in five and a tip on one in ten."""
    at = (START + timedelta(seconds=26 * number)).isoformat().replace("+00:00", ".000Z")
    lines = [
        {
            "uid": f"line-{place}",
            "name": f"Item {chance.randrange(200)}",
            "quantity": str(chance.randrange(1, 4)),
            "catalog_object_id": f"VAR_{chance.randrange(200)}",
            "base_price_money": money(chance.randrange(150, 4_000), "USD"),
        }
        for place in range(3)
    ]
    off = [{"uid": "off", "name": "Spring", "percentage": "10", "type": "FIXED_PERCENTAGE", "scope": "ORDER"}]
    asked: Json = {"location_id": "LOC1", "line_items": lines, "taxes": [{**tax, "scope": "ORDER"} for tax in TAXES]}
    made = priced(asked | ({"discounts": off} if number % 5 == 0 else {}), "USD")
    tip = 300 if number % 10 == 0 else 0
    made["total_tip_money"], total = money(tip, "USD"), made["total_money"]["amount"] + tip
    made["total_money"] = money(total, "USD")
    made["net_amount_due_money"] = money(0, "USD")
    card = {"status": "CAPTURED", "card": {"card_brand": "VISA", "last_4": "1111"}}
    tender = {"id": f"P{number}", "payment_id": f"P{number}", "created_at": at, "type": "CARD", "card_details": card}
    made["tenders"] = [{**tender, "amount_money": money(total, "USD"), "tip_money": money(tip, "USD")}]
    times = {"created_at": at, "updated_at": at, "closed_at": at}
    return {"id": f"O{number}", "state": "COMPLETED", "version": 2, **times, **made}


def write_pages(folder: Path, orders: int) -> int:
    """Make the pages; their bytes."""
    chance, size = Random(7), 0  # noqa: S311
    folder.mkdir()
    pages = -(-orders // PAGE_ROWS)
    for page in range(pages):
        rows = [order(number, chance) for number in range(page * PAGE_ROWS, min((page + 1) * PAGE_ROWS, orders))]
        cursor = {"cursor": str(page + 1)} if page + 1 < pages else {}
        size += (folder / f"{page:06}.json").write_bytes(msgspec.json.encode({"orders": rows, **cursor}))
    return size


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a server of the pages."""
    command = [sys.executable, "-m", "tests.benchmarks.pull_server", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def fetch_and_decode(url: str) -> int:
    """The floor; how many orders came."""
    rows = 0
    cursor: str | None = "0"
    with requests.Session() as session:
        while cursor is not None:
            answer = session.post(f"{url}/v2/orders/search", json={"cursor": cursor}, timeout=30)
            page = msgspec.json.decode(answer.content)
            rows += len(page["orders"])
            cursor = page.get("cursor")
    return rows


def link_to(url: str) -> Connection:
    """A company linked to the server."""
    company = create_company(partner=new_partner(), name="Pulled", currency="USD", zone="America/New_York", actor="b")
    link = connect_commerce(company=company, platform="square", actor="benchmark")
    link.settings = {"base_url": url}
    link.save()
    credentials.store(connection_id=link.pk, secrets=Secrets(access_token="benchmark"))
    return link


def pull(link: Connection) -> PullResult:
    platform = Square()
    with open_door(link, platform) as door:
        return pull_stream(link, Session(link.pk, link.company_id, link.settings, door), platform, "orders")


def measure(database: BenchmarkDatabase, folder: Path, orders: int, rounds: int) -> list[Result]:
    """The pull against the floor, the same pull again, and mapping alone."""
    pages = folder / "square"
    size = write_pages(pages, orders)
    progress(f"{orders:,} orders are {size / 1e6:,.0f} MB of pages of {PAGE_ROWS}")
    watch = Stopwatch()
    with serving(pages) as url:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [url.removeprefix("http://")]
        Square.budget = Budget((Rate(calls=6_000_000, seconds=60),))
        for number in range(1, rounds + 1):
            database.fresh()
            link = link_to(url)
            with watch.timed("floor"):
                assert fetch_and_decode(url) == orders
            with watch.timed("real"):
                found = pull(link)
            assert (found.rows, found.stored, found.refused) == (orders, orders, 0), found
            assert Page.objects.count() == found.pages
            progress(f"round {number}: floor {watch.rounds['floor'][-1]:.2f} s, real {watch.rounds['real'][-1]:.2f} s")
    detail = (
        f"floor {orders / watch.median('floor'):,.0f} orders/s, real {orders / watch.median('real'):,.0f} orders/s, "
        f"rounds {watch.spread('real', 'floor')}"
    )
    ratio = Result("pull / fetch and decode", watch.ratio("real", "floor"), PULL_GOAL, "×", detail)
    return [ratio, _mapping(pages)]


def _mapping(pages: Path) -> Result:
    """Microseconds that mapping an order costs, from its bytes to its record."""
    paths = sorted(pages.glob("*.json"))[:80]
    rows = [bytes(row) for path in paths for row in msgspec.json.decode(path.read_bytes(), type=_Orders).orders]
    platform, context = Square(), MapContext("USD", "America/New_York")
    best = min(_seconds(platform, rows, context) for _ in range(3))
    each = best / len(rows) * 1_000_000
    return Result("mapping an order", each, MAPPING_GOAL, "µs", f"{1_000_000 / each:,.0f} orders/s on one core")


class _Orders(msgspec.Struct):
    orders: list[msgspec.Raw]


def _seconds(platform: Square, rows: list[bytes], context: MapContext) -> float:
    began = time.perf_counter()
    for row in rows:
        platform.map("orders", row, context)
    return time.perf_counter() - began
