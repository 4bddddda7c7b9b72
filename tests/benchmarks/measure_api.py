"""The partner API under gunicorn: lists against bare views, deep pages against first ones, pushes against engine."""

from __future__ import annotations

import base64
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from statistics import median
from threading import Thread
from typing import Any

from commerce_sync.api_keys import create_key
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce
from ledger import sql
from ledger.models import Partner
from ledger.services import create_company
from tests.benchmarks import real
from tests.benchmarks.database import BenchmarkDatabase
from tests.benchmarks.measuring import Result, progress
from tests.benchmarks.orders import PAGE_ROWS, Page, order_pages

LIST_GOAL = 1 / 0.60  # our time by that of the bare view: at least 0.60 of its rate
DEEP_GOAL = 3.0
PUSH_GOAL = 2.5
WORKERS = 2
REQUESTS = 100
PUSHED_PAGES = 10
LISTED = 2_000  # orders of the merchant whose list is held to the bare view: so few that both count them each time


class Caller:
    """A client of the served site. Without ``secret`` it sends no key."""

    def __init__(self, port: int, secret: str) -> None:
        self.port = port
        self.headers = {"Authorization": "Basic " + base64.b64encode(secret.encode()).decode()}

    def send(self, path: str, method: str = "GET", body: bytes | None = None) -> bytes:
        """The body of a successful answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        kind = {"Content-Type": "application/json"} if body else {}
        connection.request(method, path, body, {**self.headers, **kind})
        response = connection.getresponse()
        answered = response.read()
        connection.close()
        assert response.status == 200, (path, response.status, answered[:300])
        return answered

    def seconds(self, path: str, requests: int = REQUESTS) -> float:
        """The time of so many requests by as many callers at once as there are workers, per request."""

        def some() -> None:
            for _ in range(requests // WORKERS):
                self.send(path)

        threads = [Thread(target=some) for _ in range(WORKERS)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (time.perf_counter() - began) / requests


def measure(database: BenchmarkDatabase, orders: int, rounds: int) -> list[Result]:
    """Everything of the API, over a partner of 100 merchants of whom one has ``orders`` orders."""
    database.fresh()
    partner = real.new_partner()
    shop, small = real.new_merchant(partner), real.new_merchant(partner, "Small merchant")
    progress(f"{orders:,} orders to list")
    real.push(shop, order_pages(orders))
    real.push(small, order_pages(LISTED))
    _merchants(partner, 98)
    sql.execute("VACUUM ANALYZE ledger_record")
    _, secret = create_key(partner=partner, name="benchmark", actor=real.ACTOR)
    with _served(database.name) as port:
        caller = Caller(port, secret)
        return [
            *_lists(caller, partner, small, rounds),
            *_deep(caller, shop, orders, rounds),
            _pushes(caller, partner, rounds),
        ]


def _lists(caller: Caller, partner: Partner, shop: Connection, rounds: int) -> list[Result]:
    pairs = {
        "list of 100 orders / bare view": (_data(shop, "orders"), f"/floor/orders/{shop.source_id}/{shop.pk}"),
        "list of 100 companies / bare view": ("/companies?pageSize=100", f"/floor/companies/{partner.pk}"),
    }
    results = []
    for name, (ours, floor) in pairs.items():
        _hold_to_same(json.loads(caller.send(floor)), json.loads(caller.send(ours)), name)
        times = [(caller.seconds(ours), caller.seconds(floor)) for _ in range(2 + rounds)][2:]  # the first two warm up
        ratio = median(a / b for a, b in times)
        rates = f"{1 / median(a for a, _ in times):,.0f}/s and {1 / median(b for _, b in times):,.0f}/s"
        results.append(Result(name, ratio, LIST_GOAL, "×", f"{1 / ratio:.2f} of its rate: {rates}"))
        progress(f"{name}: {1 / ratio:.2f} of its rate")
    return results


def _deep(caller: Caller, shop: Connection, orders: int, rounds: int) -> list[Result]:
    first, last = (f"{_data(shop, 'orders')}?page={page}" for page in (1, orders // 100))
    assert json.loads(caller.send(last))["results"], "the last page is empty"
    warm = [(caller.seconds(last, 20), caller.seconds(first, 20)) for _ in range(rounds)]
    cold = [(_cold(caller, last), _cold(caller, first)) for _ in range(rounds)]
    results = []
    for name, times in (("", warm), (", nothing remembered", cold)):
        detail = f"{median(a for a, _ in times) * 1_000:.1f} ms and {median(b for _, b in times) * 1_000:.1f} ms"
        results.append(
            Result(f"page {orders // 100:,} / page 1{name}", median(a / b for a, b in times), DEEP_GOAL, "×", detail)
        )
    return results


def _cold(caller: Caller, path: str) -> float:
    sql.execute("TRUNCATE commerce_sync_listmark")
    began = time.perf_counter()
    caller.send(path)
    return time.perf_counter() - began


def _pushes(caller: Caller, partner: Partner, rounds: int) -> Result:
    """The same batches over HTTP and straight into the engine, to a merchant each."""
    pages = list(islice(order_pages(PUSHED_PAGES * PAGE_ROWS), PUSHED_PAGES))
    ratios, ours, engine = [], 0.0, 0.0
    for number in range(rounds):
        over_http, straight = (real.new_merchant(partner, f"Pushed {number} {way}") for way in ("http", "engine"))
        ours = _timed(lambda shop: _put(caller, shop, pages), over_http)
        engine = _timed(lambda shop: real.push(shop, pages), straight)
        ratios.append(ours / engine)
    detail = f"last round {ours / PUSHED_PAGES * 1_000:.0f} ms and {engine / PUSHED_PAGES * 1_000:.0f} ms a batch"
    return Result(f"PUT of {PAGE_ROWS:,} orders / engine", median(ratios), PUSH_GOAL, "×", detail)


def _put(caller: Caller, shop: Connection, pages: list[Page]) -> None:
    for page in pages:
        answered = json.loads(caller.send(_data(shop, page.dataset), "PUT", page.body))
        assert answered["counts"]["new"] == PAGE_ROWS, answered["counts"]


def _timed(work: Any, shop: Connection) -> float:
    began = time.perf_counter()
    work(shop)
    return time.perf_counter() - began


def _data(shop: Connection, dataset: str) -> str:
    return f"/companies/{shop.company.public_id}/connections/{shop.public_id}/data/commerce-{dataset}"


def _merchants(partner: Partner, count: int) -> None:
    for number in range(count):
        company = create_company(partner=partner, name=f"Merchant {number:03d}", actor=real.ACTOR)
        connect_commerce(company=company, platform="partner", actor=real.ACTOR)
        connect_accounting(company=company, platform="books", actor=real.ACTOR)


def _hold_to_same(floor: dict[str, Any], ours: dict[str, Any], name: str) -> None:
    """Whatever the floor answers, we answer too, and as many rows of as much."""
    assert floor["totalResults"] == ours["totalResults"], name
    assert len(floor["results"]) == len(ours["results"]) == 100, name
    for expected, found in zip(floor["results"], ours["results"], strict=True):
        for key, value in expected.items():
            assert _plain(found.get(key)) == _plain(value), (name, key, value, found.get(key))


def _plain(value: Any) -> Any:
    """Without trailing zeros of instants and what only one side says of a connection."""
    if isinstance(value, str) and value[10:11] == "T":
        return value.replace("+00:00", "Z")
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, dict):
        kept = {key: _plain(each) for key, each in value.items() if each is not None}
        return {key: kept[key] for key in kept if key not in _ONE_SIDED}
    return value


_ONE_SIDED = {"integrationKey", "sourceType", "connectionInfo", "platformName", "linkUrl", "dataConnectionErrors"}


@contextmanager
def _served(database: str) -> Iterator[int]:
    """The site in gunicorn on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "tests.benchmarks.api_site:application", "--workers", str(WORKERS),
               "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]  # fmt: skip
    environment = {**os.environ, "BENCHMARK_DATABASE": database, "DJANGO_SETTINGS_MODULE": "commerce_sync.settings"}
    server = subprocess.Popen(command, env=environment)
    try:
        for _ in range(300):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        server.terminate()
        server.wait(30)
