"""What holds for every platform over the wire: pulled through the real door into real tables, and into the books."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from connectors import credentials
from connectors.auth import Secrets
from connectors.declare import ApiKey, BasicLogin, OAuth2
from connectors.errors import Failure, MappingProblem, NotAuthorized, Waiting
from connectors.general_ledger.chart import default_book
from connectors.http import Door
from connectors.limits import Clock, Limits
from connectors.met import Met, meet
from connectors.models import BudgetLine, Call, Connection, Credential, Reference, StockLevel
from connectors.pull import pull_connection, pull_stream
from connectors.receive import receive_page
from connectors.services import connect_commerce, origin_of
from connectors.session import Session
from ledger import sql
from ledger.calendar import DayRule
from ledger.commerce import Order, happened_at
from ledger.models import Company, Partner, ProblemRow, RecordRow
from ledger.post_due import post_due
from ledger.services import create_company, save_book
from tests.connectors.server import PlatformServer, Seen, running
from tests.platforms.exchanges import Json, replaying
from tests.platforms.folders import Folder, outside_platforms, without_catalog_costs, written
from tests.platforms.hostile_rows import spoiled

pytestmark = pytest.mark.django_db

PLATFORMS = outside_platforms()
of_each_platform = pytest.mark.parametrize("key", PLATFORMS)
CANARY = "canary-5b1f7e-never-to-be-seen"
FRESH = "canary-fresh-99a1-never-to-be-seen"
START = date(2000, 1, 1)


class Linked:
    """A company linked to a platform whose part is taken by the recorded pages; `slept` instead of waiting."""

    def __init__(self, key: str, server: PlatformServer) -> None:
        self.folder, self.server = Folder(key), server
        self.slept: list[float] = []
        self.pages = {name: self.folder.replay(name) for name in self.folder.streams}
        self.route = replaying(self.pages)
        server.otherwise = self._answer
        facts = self.folder.facts
        partner = Partner.objects.create(name="Till Systems")
        self.company: Company = create_company(
            partner=partner, name="Conforming", currency=facts.currency, zone=facts.zone, actor="test"
        )
        self.connection = connect_commerce(company=self.company, platform=key, actor="test")
        self.connection.settings = {**facts.settings, "base_url": server.url}
        self.connection.save()
        secrets = Secrets(access_token=CANARY, refresh_token=CANARY, api_key=CANARY, username="u", password=CANARY)
        credentials.store(connection_id=self.connection.pk, secrets=secrets)

    def _answer(self, seen: Seen) -> Any:
        auth = self.folder.platform.auth
        if isinstance(auth, OAuth2) and seen.path == "/" + auth.token.split("://")[-1].partition("/")[2]:
            return {"access_token": FRESH, "refresh_token": FRESH, "expires_in": 86_400, "token_type": "bearer"}
        return self.route(seen)

    def door(self) -> Door:
        BudgetLine.objects.all().delete()  # what was slept so far has passed for the rates as well
        began = datetime.now(UTC)
        clock = Clock(
            now=lambda: began + timedelta(seconds=sum(self.slept)),
            monotonic=lambda: sum(self.slept),
            sleep=self.slept.append,
            jitter=lambda: 0.5,
        )
        keys = credentials.StoredKeys(self.connection.pk, self.folder.platform)
        settings = self.connection.settings
        limits = Limits(total_seconds=10_000)
        return Door(self.folder.platform, self.connection.pk, keys, settings=settings, clock=clock, limits=limits)

    def pull(self) -> int:
        """Pull everything; how many records were new or changed."""
        with self.door() as door:
            session = Session(self.connection.pk, self.company.pk, self.connection.settings, door)
            return pull_connection(self.connection, session).stored

    def pull_one(self) -> int:
        """Pull the first stream of records; how many rows it had."""
        name = next(name for name, stream in self.folder.streams.items() if stream.kinds)
        with self.door() as door:
            session = Session(self.connection.pk, self.company.pk, self.connection.settings, door)
            return pull_stream(self.connection, session, self.folder.platform, name).rows

    def golden(self) -> list[Json]:
        """The records of all streams, as the goldens say them."""
        streams = self.folder.streams.items()
        return _sorted(row for name, stream in streams if stream.kinds for row in self.folder.golden(name))

    def kept_and_golden(self) -> tuple[list[Json], list[Json]]:
        """What stands of what was pulled, and what the goldens say of it.

        A refund that was told without its lines has been given those of its original meanwhile.
        """
        kept = _sorted(written(row.record) for row in RecordRow.objects.filter(superseded=False))
        golden = self.golden()
        for ours, theirs in zip(kept, golden, strict=True):
            if theirs.get("lines", ()) is None:
                ours["lines"] = None
            without_catalog_costs(ours, theirs)
        return kept, golden


def _sorted(rows: Iterable[Json]) -> list[Json]:
    return sorted(rows, key=lambda row: (row["record"], row["id"]))


@pytest.fixture
def server(settings: Any, tmp_path: Path) -> Iterator[PlatformServer]:
    settings.STATIC_ROOT = tmp_path  # the directory that a deployment makes; its absence would be warned of
    with running() as state:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [state.place]
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {key: {"client_id": "us", "client_secret": CANARY} for key in PLATFORMS}
        yield state


@pytest.fixture
def linked(key: str, server: PlatformServer) -> Linked:
    return Linked(key, server)


@of_each_platform
def test_what_is_pulled_is_what_the_goldens_say_and_a_second_pull_stores_nothing(key: str, linked: Linked) -> None:
    assert linked.pull() > 0
    kept, golden = linked.kept_and_golden()
    assert kept == golden
    before = RecordRow.objects.count()
    assert (linked.pull(), RecordRow.objects.count()) == (0, before)


@of_each_platform
def test_every_record_is_posted_and_the_books_balance(key: str, linked: Linked) -> None:
    facts = linked.folder.facts
    linked.pull()
    book = default_book(facts.currency, (DayRule(START, facts.zone, 0),))
    save_book(company=linked.company, book=book, author="test", reason="conformance")
    last = max(happened_at(row.record) for row in RecordRow.objects.filter(superseded=False)) + timedelta(days=400)
    result = post_due(company_id=linked.company.pk, through=last.date(), act=uuid4())
    blocking = [row.code for row in ProblemRow.objects.filter(resolved_at=None) if row.problem.blocks]
    assert sorted(blocking) == sorted(facts.problems.values())
    posted = result.records - result.refused - result.held
    assert posted == RecordRow.objects.filter(superseded=False).count() - len(facts.problems)
    for currency, total in sql.rows(
        """SELECT document.currency, sum(coalesce(line.debit, 0) - coalesce(line.credit, 0))::bigint
           FROM ledger_document document JOIN ledger_documentline line ON line.document_id = document.id GROUP BY 1"""
    ):
        assert (currency, total) == (facts.currency, 0)
    again = post_due(company_id=linked.company.pk, through=last.date(), act=uuid4())
    assert (again.records, again.documents) == (0, 0)


@of_each_platform
def test_whatever_sales_name_is_there_to_be_chosen_from_by_its_name(key: str, linked: Linked) -> None:
    linked.pull()
    listed = set(Reference.objects.exclude(name="").values_list("kind", "external_id"))
    sales = [row.record for row in RecordRow.objects.filter(superseded=False, deleted=False, kind="order")]
    wanted = {("location", sale.location) for sale in sales if isinstance(sale, Order) and sale.location}
    found: Met = {}
    meet(sales, linked.folder.platform.met, {}, found)
    assert wanted | set(found) <= listed
    assert len({kind for kind, _ in found}) == len(linked.folder.platform.met)


@of_each_platform
def test_stock_that_is_told_is_known_by_thing_and_place_and_told_again_changes_nothing(
    key: str, linked: Linked
) -> None:
    told = [name for name, stream in linked.folder.streams.items() if stream.stock]
    if not told:
        pytest.skip("the platform tells of no stock")
    linked.pull()
    rows = [row for name in told for row in linked.folder.golden(name) if row["record"] == "stock" and not row["gone"]]
    assert rows
    for row in rows:
        level = StockLevel.objects.get(item_id=row["item_id"], location_id=row["location_id"])
        for figure in ("on_hand", "threshold", "unit_cost"):
            known = getattr(level, figure)
            assert figure not in row or known == (None if row[figure] is None else Decimal(row[figure])), (row, figure)
    facts = ("item_id", "location_id", "on_hand", "counted_at", "threshold", "threshold_at", "unit_cost", "cost_at")
    before = list(StockLevel.objects.order_by("id").values(*facts))
    linked.pull()
    assert list(StockLevel.objects.order_by("id").values(*facts)) == before


@pytest.mark.case("C07")
@of_each_platform
def test_an_access_that_has_ended_is_renewed_once_in_mid_pull(key: str, linked: Linked) -> None:
    linked.server.fail("e401")
    if not isinstance(linked.folder.platform.auth, OAuth2):
        with pytest.raises(NotAuthorized):
            linked.pull_one()
        return
    assert linked.pull_one() > 0
    assert credentials.load(linked.connection.pk).access_token == FRESH
    token = "/" + linked.folder.platform.auth.token.split("://")[-1].partition("/")[2]
    seen = [one for one in linked.server.log if one.path.endswith(token)]
    assert len(seen) == 1


@of_each_platform
def test_an_access_that_was_taken_away_ends_the_pull_and_is_not_asked_for_again_and_again(
    key: str, linked: Linked
) -> None:
    linked.server.fail("e401", times=5)
    with pytest.raises(NotAuthorized):
        linked.pull_one()
    assert len(linked.server.log) <= 4


@pytest.mark.case("F01")
@of_each_platform
def test_too_many_calls_are_answered_by_waiting_as_long_as_asked(key: str, linked: Linked) -> None:
    linked.server.fail("rate429", header="3")
    assert linked.pull_one() > 0
    assert any(pause >= 3 for pause in linked.slept)
    linked.slept.clear()
    linked.server.fail("rate429")  # without a time
    linked.pull_one()
    assert any(pause > 0.5 for pause in linked.slept)


@of_each_platform
def test_a_wait_that_is_too_long_for_a_worker_is_handed_to_the_schedule(key: str, linked: Linked) -> None:
    linked.server.fail("rate429", header="3600")
    with pytest.raises(Waiting) as waiting:
        linked.pull_one()
    assert waiting.value.until > datetime.now(UTC) + timedelta(minutes=50)


@of_each_platform
@pytest.mark.parametrize("fault", ["err500_before", "unavailable", "drop_before", "truncate_after"])
def test_a_burst_of_failures_is_sat_out_with_growing_pauses(key: str, linked: Linked, fault: str) -> None:
    linked.server.fail(fault, times=2)
    assert linked.pull_one() > 0
    assert len(linked.slept) >= 2
    assert linked.slept[0] < linked.slept[1]


@of_each_platform
@pytest.mark.parametrize("fault", ["html_200", "redirect_out", "echo400", "err500_before", "e401"])
def test_a_secret_is_seen_nowhere(
    key: str, linked: Linked, fault: str, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    linked.server.fail(fault, times=9)
    with pytest.raises(Failure) as failed:
        linked.pull_one()
    texts = [str(failed.value), repr(failed.value), failed.value.detail, caplog.text, *capsys.readouterr()]
    texts += [repr(value) for value in (linked.connection, credentials.load(linked.connection.pk), linked.pages)]
    texts += [str(row) for row in Call.objects.values_list("url", "detail", "failure")]
    texts += [bytes(row.ciphertext).decode() for row in Credential.objects.all()]
    staff = Client()
    staff.force_login(get_user_model().objects.create_superuser("Sam", password="x"))
    link = linked.connection.pk
    for page in (f"connection/{link}/change/", f"credential/{link}/change/", "credential/", "call/"):
        texts.append(staff.get(f"/admin/connectors/{page}", follow=True).content.decode())
    texts += [staff.get(f"/admin/connectors/call/{row.pk}/change/").content.decode() for row in Call.objects.all()]
    assert Call.objects.exists()
    for text in texts:
        assert CANARY not in text
        assert FRESH not in text


@of_each_platform
@pytest.mark.case("B25")
def test_one_bad_row_among_good_ones_is_refused_alone_with_its_place(key: str, linked: Linked) -> None:
    name = next(name for name, stream in linked.folder.streams.items() if stream.kinds)
    stream = linked.folder.streams[name]
    bad = _refused(linked.folder, name)

    def spoil(response: Any) -> Any:
        copied = rows = json.loads(json.dumps(response))
        for level in filter(None, stream.rows.split(".")):
            rows = (rows or {}).get(level)
        if rows and len(rows) > 1:
            rows[0] = bad
        return copied

    linked.pages[name].change = spoil
    rows = linked.pull_one()
    problems = list(ProblemRow.objects.filter(code="malformed"))
    assert problems
    assert all(problem.path for problem in problems)
    assert RecordRow.objects.filter(superseded=False).exists()
    assert rows > len(problems)


def _refused(folder: Folder, name: str) -> Json:
    """A row with an id and an instant that cannot be mapped: with nothing else in it, or with one field spoiled."""
    stream, healthy = folder.streams[name], next(folder.bodies(name))
    bare = {stream.id: "spoiled", (stream.updated or "x"): "2026-03-02T00:00:00Z", "n": 1}
    for row in (json.dumps(bare).encode(), *filter(_is_json, spoiled(healthy))):
        found = json.loads(row)
        if not isinstance(found, dict) or stream.id not in found:
            continue
        named: Json = {**found, stream.id: "spoiled"}
        try:
            folder.platform.map(name, json.dumps(named).encode(), folder.context)
        except msgspec.ValidationError:
            return named
        except (MappingProblem, ValueError, ArithmeticError):
            continue
    raise AssertionError(f"{folder.key}: nothing is wrong with any spoiled row of {name}")


@of_each_platform
@pytest.mark.case("B25")
def test_spoiled_rows_bring_down_neither_their_page_nor_the_books(key: str, linked: Linked) -> None:
    folder, facts = linked.folder, linked.folder.facts
    book = default_book(facts.currency, (DayRule(START, facts.zone, 0),))
    save_book(company=linked.company, book=book, author="test", reason="conformance")
    for name, stream in folder.streams.items():
        healthy = next(folder.bodies(name))
        bad = [_named(row, healthy, stream.id, n) for n, row in enumerate(spoiled(healthy)) if _is_json(row)]
        for start in range(0, len(bad), 200):
            rows = [msgspec.Raw(row) for row in bad[start : start + 200]]
            body = msgspec.json.encode({stream.rows: rows})
            results = receive_page(origin_of(linked.connection, datetime.now(UTC)), name, body, rows, datetime.now(UTC))
            assert len(results) == len(rows)
    for problem in ProblemRow.objects.filter(record=None):
        assert problem.path, problem
    post_due(company_id=linked.company.pk, through=date(2030, 1, 1), act=uuid4())


def _named(row: bytes, healthy: bytes, field: str, number: int) -> bytes:
    """The row under an id of its own, unless the id is what is wrong with it: each is to become a thing of its own."""
    value = json.loads(row)
    if isinstance(value, dict) and value.get(field) == json.loads(healthy)[field]:
        return json.dumps({**value, field: f"{value[field]}-{number}"}).encode()
    return row


def _is_json(row: bytes) -> bool:
    """Whether a row could come out of a page at all."""
    try:
        json.loads(row)
    except (ValueError, RecursionError):
        return False
    return bool(row.strip())


def test_the_declared_ways_to_prove_who_we_are_are_known_to_this_suite() -> None:
    for key in PLATFORMS:
        assert isinstance(Folder(key).platform.auth, OAuth2 | ApiKey | BasicLogin), key


@of_each_platform
def test_the_connection_is_of_the_platform(key: str, linked: Linked) -> None:
    assert (linked.connection.kind, linked.connection.platform) == (Connection.Kind.COMMERCE, key)
