"""What holds for every commerce platform that we call. A platform inherits it by its folder, and adds no test code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from connectors.errors import BadAnswer, MappingProblem
from connectors.platform import CommercePlatform
from connectors.reading import as_problem
from connectors.signatures import Arrived, BadSignature, identity, verify
from connectors.stock import StockCount, checked
from connectors.webhooks import TimedHmacSha256, TransmissionRsa
from connectors.wire import Request, Response
from ledger.adding_up import check
from ledger.commerce import KIND_OF, Deleted, Order, decode, encode
from ledger.money import to_minor
from tests.platforms.exchanges import Replay
from tests.platforms.folders import HERE, SPECIFICATIONS, Folder, outside_platforms
from tests.platforms.hostile_rows import BROKEN, POISONS, spoiled

PLATFORMS = outside_platforms()
STREAMS = [(key, stream) for key in PLATFORMS if (HERE / key).is_dir() for stream in Folder(key).streams]
of_each_platform = pytest.mark.parametrize("key", PLATFORMS)
of_each_stream = pytest.mark.parametrize(("key", "stream"), STREAMS)

# What mapping and identifying may raise of a row: the suite's own copy of what the intake catches, so that a platform
# cannot widen it unseen.
OF_A_ROW = (msgspec.MsgspecError, MappingProblem, ValueError, ArithmeticError)


def test_every_platform_that_we_call_has_a_folder_with_its_pages() -> None:
    missing = [key for key in PLATFORMS if not (HERE / key / "facts.json").exists()]
    assert missing == []


@of_each_stream
def test_every_stream_has_pages_with_rows_and_a_golden(key: str, stream: str, request: pytest.FixtureRequest) -> None:
    folder = Folder(key)
    assert list(folder.bodies(stream)), "no page has a row"
    if request.config.getoption("--update-golden", default=False):
        folder.update_golden(stream)
    assert folder.become(stream) == folder.golden(stream)


@of_each_stream
@pytest.mark.case("B06")
def test_pages_are_walked_to_the_end_and_each_is_asked_for_once(key: str, stream: str) -> None:
    folder = Folder(key)
    replay = folder.replay(stream)
    rows = [row for page in folder.platform.fetch(folder.session(replay), stream, None) for row in page.rows]
    assert (len(replay.asked), set(replay.asked.values())) == (len(replay.exchanges), {1})
    ids = [folder.platform.identify(stream, row)[0] for row in rows]
    assert len(set(ids)) == len(ids)


@of_each_platform
@pytest.mark.case("B05")
def test_a_cursor_that_comes_again_is_an_error_and_no_endless_walk(key: str) -> None:
    folder = Folder(key)
    stuck = [stream for stream in folder.streams if _is_noticed(folder, stream)]
    assert stuck, "no stream has two pages: a repeated cursor cannot be shown"


def _is_noticed(folder: Folder, stream: str) -> bool:
    """Whether a platform that answers a listing of several pages with its first page for ever is found out."""
    first: dict[str, Any] = {}

    class Stuck(Replay):
        def send(self, request: Request) -> Response:
            found = super().send(request) if request.path not in first else first[request.path]
            return first.setdefault(request.path, found)

    replay = Stuck(folder.platform.stream(stream), folder.exchanges(stream))
    try:
        for _ in folder.platform.fetch(folder.session(replay), stream, None):
            pass
    except BadAnswer:
        return True
    return False


@of_each_platform
@pytest.mark.case("E10")
def test_every_record_adds_up_and_comes_back_from_its_canonical_form(key: str) -> None:
    folder = Folder(key)
    found: dict[str, str] = {}
    for row in folder.rows():
        for record in folder.platform.map(row.stream, row.body, row.context):
            is_gone = isinstance(record, Deleted)
            assert decode("order" if is_gone else KIND_OF[type(record)], encode(record), deleted=is_gone) == record
            if (problem := check(record)) is not None:
                found[record.id] = problem.code
    assert found == folder.facts.problems


@of_each_platform
@pytest.mark.parametrize("currency", ["JPY", "KWD"])
@pytest.mark.case("E01")
def test_currencies_without_and_with_three_decimals_are_read_to_the_unit(key: str, currency: str) -> None:
    folder = Folder(key)
    case = folder.conventions[currency]
    [record, *_] = folder.platform.map(case.stream, json.dumps(case.row).encode(), folder.context)
    stated = record.stated if isinstance(record, Order) else getattr(record, "amount", None)
    assert (record.currency, stated) == (currency, to_minor(case.amount, currency))
    assert isinstance(record, Deleted) or check(record) is None


@of_each_stream
@pytest.mark.case("B25")
def test_a_spoiled_row_is_a_record_or_a_reason_with_its_place_and_never_a_crash(key: str, stream: str) -> None:
    folder = Folder(key)
    tried = 0
    for body in _different(folder, stream):
        for row in spoiled(body):
            tried += 1
            assert all(_read(folder.platform, stream, row, folder)), row[:200]
    assert tried > len(BROKEN) + len(POISONS), "no row has a field of its own"


def _different(folder: Folder, stream: str) -> Iterator[bytes]:
    """One row of each form that the pages have: which fields there are makes a form."""
    forms: set[str] = set()
    for body in folder.bodies(stream):
        form = str(sorted(json.loads(body)))
        if form not in forms and len(forms) < 4:
            forms.add(form)
            yield body


def _read(platform: CommercePlatform, stream: str, row: bytes, folder: Folder) -> list[str]:
    """Read a row in every way; the paths to what is wrong with it, which comes out as one of the errors of a row."""
    places: list[str] = []
    readings = (
        platform.identify,
        platform.reference,
        lambda name, body: platform.map(name, body, folder.context),
        lambda name, body: list(map(checked, platform.stock(name, body, folder.context))),
    )
    for reading in readings:
        try:
            found: Any = reading(stream, row)
        except OF_A_ROW as error:
            places.append(as_problem(error).path)
            continue
        for record in found if isinstance(found, list) else ():
            if isinstance(record, StockCount):
                continue
            assert len(encode(record)) < 1_000_000
            assert record.id, "a record without an id"
            check(record)
    return places


@of_each_platform
@pytest.mark.case("B26")
def test_what_is_asked_and_what_is_answered_fit_the_vendor_s_own_description(key: str) -> None:
    folder = Folder(key)
    if not folder.facts.openapi:
        pytest.skip("the vendor publishes no OpenAPI description: its folder has a judge of its own, or there is none")
    path = SPECIFICATIONS / folder.facts.openapi
    if not path.exists():
        pytest.skip(f"the description is not at hand: {path}")
    from tests.platforms.judges import judge_of

    judge = judge_of(path)
    headers = dict(folder.platform.headers)
    for stream in folder.streams:
        for exchange in folder.exchanges(stream):
            if exchange["request"]["path"] not in folder.facts.untested_operations:
                judge.judge(exchange, headers)


@of_each_platform
def test_a_signed_delivery_is_believed_and_anything_else_is_not(key: str) -> None:
    folder = Folder(key)
    declared = folder.platform.webhooks
    if declared is None:
        pytest.skip("the platform sends no webhooks")
    sent = folder.delivery
    true = Arrived(sent.url, sent.headers, sent.body.encode())
    verify(declared, true, ["another", sent.secret], sent.at)
    assert identity(declared, true) == sent.id
    false = {
        "body": Arrived(sent.url, sent.headers, sent.body.encode() + b" "),
        "nothing": Arrived(sent.url, {}, sent.body.encode()),
        "header": Arrived(sent.url, dict.fromkeys(sent.headers, "é" * 44), sent.body.encode()),
    }
    for arrived in false.values():
        with pytest.raises(BadSignature):
            verify(declared, arrived, [sent.secret], sent.at)
    for secrets in ([], ["another"], [""]):
        with pytest.raises(BadSignature):
            verify(declared, true, secrets, sent.at)
    timed = isinstance(declared, TimedHmacSha256 | TransmissionRsa) or declared.facts.sent
    if timed:
        with pytest.raises(BadSignature):
            verify(declared, true, [sent.secret], sent.at + timedelta(days=30))
