"""The partner's lists are pulled whole, from servers that follow the contract and from those that do not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from commerce_sync import services, work
from commerce_sync.raw_rows import rows_of_page
from connectors import paging, registry
from connectors.authorizing import authorize
from connectors.commerce.partner_pull import OFFERED, PAGE_SIZE
from connectors.errors import (
    BadAnswer,
    Failure,
    MisconfiguredPlatform,
    NotAuthorized,
    NothingServed,
    Refused,
    Turn,
    Waiting,
)
from connectors.http import open_door
from connectors.models import Call, Connection, Page, Watermark
from connectors.pull import PullResult, Step, pull_connection, pull_stream
from connectors.push_verdicts import verdict_of
from connectors.services import NotPushed, connect_commerce, receive
from connectors.session import Session
from ledger.commerce import Order
from ledger.models import ProblemRow, RecordRow
from tests.commerce_sync.cast import a_merchant, trial_balance
from tests.ledger.cast import london
from tests.platforms.partner_endpoint import KEY, NOON, Asked, Endpoint, Reply, a_sale, running

pytestmark = pytest.mark.django_db
PAGES = Path(__file__).parent.parent / "platforms" / "partner" / "pages"


@pytest.fixture
def endpoint(settings: Any) -> Iterator[Endpoint]:
    with running() as endpoint:
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [endpoint.place]
        endpoint.rows = {name: [] for name in OFFERED}
        yield endpoint


def linked(company: Any, endpoint: Endpoint) -> Connection:
    """A connection as a partner makes it: created, then authorized with address and key."""
    link = connect_commerce(company=company, platform="partner_pull", actor="test", linked=False)
    return authorize(connection=link, secrets={"base_url": endpoint.url, "apiKey": KEY}, actor="test")


@pytest.fixture
def link(endpoint: Endpoint) -> Connection:
    return linked(london().company, endpoint)


def pull(link: Connection, dataset: str = "") -> PullResult:
    """Pull all lists, or one, through the real door."""
    platform = registry.commerce("partner_pull")
    with open_door(link, platform) as door:
        session = Session(link.pk, link.company_id, link.settings, door)
        return pull_stream(link, session, platform, dataset) if dataset else pull_connection(link, session)


def stored() -> dict[str, int]:
    """Id → total of every current record, in pence."""
    return dict(RecordRow.objects.filter(superseded=False).values_list("external_id", "total"))


def mark(dataset: str = "orders") -> datetime | None:
    return Watermark.objects.filter(dataset=dataset).values_list("reached_at", flat=True).first()


def pages_asked(endpoint: Endpoint, dataset: str = "orders") -> list[int]:
    return [asked.page for asked in endpoint.asked if asked.dataset == dataset]


def sales(count: int) -> list[dict[str, Any]]:
    return [a_sale(f"o{number}", minute=number) for number in range(count)]


def test_every_list_is_asked_for_as_published_and_names_come_before_records(
    link: Connection, endpoint: Endpoint
) -> None:
    tea = {"id": "tea", "name": "Tea", "productCategoryRefs": [{"id": "d", "name": "Drinks"}]}
    endpoint.rows |= {"products": [tea], "orders": [a_sale()]}
    assert pull(link) == PullResult(pages=len(OFFERED), rows=2, stored=1)
    record = RecordRow.objects.get().record
    assert isinstance(record, Order)
    assert record.lines[0].category == "Drinks"
    assert {asked.path for asked in endpoint.asked} == {f"/shop/1/commerce-{name}" for name in OFFERED}
    assert {asked.authorization for asked in endpoint.asked} == {f"Bearer {KEY}"}
    first = {"orderBy": "-modifiedDate", "pageSize": str(PAGE_SIZE), "page": "1"}
    assert [asked.query for asked in endpoint.asked] == [first] * len(OFFERED)
    assert not Call.objects.filter(url__contains=KEY).exists()


def test_what_is_pulled_becomes_what_the_same_rows_become_when_they_are_pushed(
    link: Connection, endpoint: Endpoint
) -> None:
    pushed = connect_commerce(company=link.company, platform="partner", actor="test")
    for dataset in sorted(OFFERED, key=lambda name: bool(registry.commerce("partner").stream(name).kinds)):
        rows = json.loads((PAGES / f"{dataset}.json").read_bytes())["results"]
        endpoint.rows[dataset] = rows
        receive(connection=pushed, dataset=dataset, body=json.dumps(rows).encode())
    pull(link)
    fields = ("kind", "external_id", "digest")
    of_source = {
        connection.pk: set(RecordRow.objects.filter(source=connection.source).values_list(*fields))
        for connection in (link, pushed)
    }
    assert len(of_source[link.pk]) > 20
    assert of_source[link.pk] == of_source[pushed.pk]


def test_the_next_pull_asks_from_an_hour_before_the_latest_change_and_stores_nothing_twice(
    link: Connection, endpoint: Endpoint
) -> None:
    endpoint.rows["orders"] = [a_sale("o1", minute=90), a_sale("o2", minute=0)]
    pull(link, "orders")
    assert mark() == NOON + timedelta(minutes=90)
    assert pull(link, "orders") == PullResult(pages=1, rows=1, stored=0)
    assert endpoint.asked[-1].query["modifiedSince"] == "2026-03-02T12:30:00.000Z"
    assert (RecordRow.objects.count(), Page.objects.count()) == (2, 1)


def test_a_list_that_the_partner_does_not_offer_is_no_failure(link: Connection, endpoint: Endpoint) -> None:
    endpoint.rows = {"orders": [a_sale()]}
    assert pull(link) == PullResult(pages=1, rows=1, stored=1)


def test_an_address_that_serves_nothing_at_all_is_one_and_says_whose_turn_it_is(
    link: Connection, endpoint: Endpoint
) -> None:
    endpoint.rows = {}
    with pytest.raises(NothingServed) as caught:
        pull(link)
    assert verdict_of(caught.value).turn == Turn.PARTNER
    assert "address" in str(caught.value)


def without_links(asked: Asked, answer: Any) -> Any:
    """A server that says nothing of further pages, and 404 beyond the last one."""
    return {"results": answer["results"]} if answer["results"] else Reply(404, {"detail": "Invalid page."})


BENT: dict[str, Any] = {
    "as published": lambda asked, answer: answer,
    "links only": lambda asked, answer: {"results": answer["results"], "_links": answer["_links"]},
    "links that are texts": lambda asked, answer: (
        answer | {"_links": {name: link["href"] for name, link in answer["_links"].items()}}
    ),
    "totals only": lambda asked, answer: answer | {"_links": {}},
    "a total that is the page's": lambda asked, answer: answer | {"totalResults": len(answer["results"])},
    "a total that is nonsense": lambda asked, answer: answer | {"totalResults": "many", "pageSize": None},
    "a total that is too large": lambda asked, answer: answer | {"totalResults": 1_000},
    "a page size as asked for": lambda asked, answer: answer | {"pageSize": PAGE_SIZE},
    "no links": lambda asked, answer: {"results": answer["results"], "totalResults": 2},
    "no links and no page beyond the last": without_links,
    "a link to another server": lambda asked, answer: turned(answer, "http://127.0.0.1:1/commerce-orders?page=9"),
    "a link back": lambda asked, answer: turned(answer, "/shop/1/commerce-orders?page=1"),
}


def turned(answer: Any, url: str) -> Any:
    if "next" in answer["_links"]:
        answer["_links"]["next"]["href"] = url
    return answer


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
@pytest.mark.parametrize("count", [0, 1, 2, 4, 5])
@pytest.mark.case("B06", "B09")
def test_every_row_is_read_whatever_the_answer_says_of_further_pages(
    link: Connection, endpoint: Endpoint, bend: Any, count: int
) -> None:
    endpoint.rows["orders"], endpoint.most_rows, endpoint.bend = sales(count), 2, bend
    assert pull(link, "orders").rows == count
    assert stored() == {f"o{number}": 1_200 for number in range(count)}
    assert {asked.path for asked in endpoint.asked} == {"/shop/1/commerce-orders"}


@pytest.mark.parametrize("bend", BENT.values(), ids=BENT)
@pytest.mark.parametrize("count", [0, 2, 4, 5])
def test_the_same_holds_for_a_list_that_is_read_in_steps_of_one_page(
    link: Connection, endpoint: Endpoint, bend: Any, count: int
) -> None:
    endpoint.rows["orders"], endpoint.most_rows, endpoint.bend = sales(count), 2, bend
    platform, act = registry.commerce("partner_pull"), uuid4()
    with open_door(link, platform) as door:
        session = Session(link.pk, link.company_id, link.settings, door)
        while not pull_stream(link, session, platform, "orders", Step(act, 0)).complete:
            assert len(endpoint.asked) < 6
    assert stored() == {f"o{number}": 1_200 for number in range(count)}
    pages = pages_asked(endpoint)
    assert pages == sorted(set(pages)), "a page was asked for twice"


@pytest.mark.parametrize(("count", "pages"), [(0, [1]), (2, [1]), (4, [1, 2]), (5, [1, 2, 3])])
def test_a_server_that_keeps_the_contract_is_asked_for_no_page_beyond_the_last(
    link: Connection, endpoint: Endpoint, count: int, pages: list[int]
) -> None:
    endpoint.rows["orders"], endpoint.most_rows = sales(count), 2
    pull(link, "orders")
    assert pages_asked(endpoint) == pages


@pytest.mark.case("B01")
def test_rows_that_move_while_they_are_read_are_met_twice_and_never_skipped(
    link: Connection, endpoint: Endpoint
) -> None:
    endpoint.rows["orders"], endpoint.most_rows = sales(9), 3
    just_now = {"modifiedDate": (datetime.now(UTC) + timedelta(seconds=30)).isoformat()}

    def sell(asked: Asked, answer: Any) -> Any:
        """After the first page an old sale changes and a new one is made: both move to the front."""
        if asked.page == 1 and len(endpoint.rows["orders"]) == 9:
            endpoint.rows["orders"][0] |= just_now
            endpoint.rows["orders"].append(a_sale("new") | just_now)
        return answer

    endpoint.bend = sell
    assert pull(link, "orders").rows > 9
    assert set(stored()) == {f"o{number}" for number in range(1, 9)}
    pull(link, "orders")
    assert set(stored()) == {*(f"o{number}" for number in range(9)), "new"}


def test_a_change_that_was_made_while_the_list_was_read_does_not_move_the_watermark_beyond_its_beginning(
    link: Connection, endpoint: Endpoint
) -> None:
    began_at = datetime.now(UTC)
    ahead = (began_at + timedelta(minutes=5)).isoformat()
    endpoint.rows["orders"] = [a_sale(modifiedDate=ahead)]
    pull(link, "orders")
    assert (reached := mark()) is not None
    assert began_at <= reached < began_at + timedelta(minutes=1)


def test_the_same_page_twice_is_noticed_and_what_was_read_is_kept(link: Connection, endpoint: Endpoint) -> None:
    endpoint.rows["orders"], endpoint.most_rows = sales(6), 2
    first: list[Any] = []

    def stick(asked: Asked, answer: Any) -> Any:
        first.append(answer["results"])
        return answer | {"results": first[0], "_links": {"next": {"href": "?"}}}

    endpoint.bend = stick
    with pytest.raises(BadAnswer, match="page 2 has the same rows as page 1"):
        pull(link, "orders")
    assert (set(stored()), mark()) == ({"o5", "o4"}, None)


def test_pages_that_go_round_in_a_circle_are_noticed(link: Connection, endpoint: Endpoint) -> None:
    def circle(asked: Asked, answer: Any) -> Any:
        return answer | {"results": [a_sale(f"o{asked.page % 3}")], "_links": {"next": {"href": "?"}}}

    endpoint.bend = circle
    with pytest.raises(BadAnswer, match="page 4 has the same rows as page 1"):
        pull(link, "orders")
    assert len(stored()) == 3


@pytest.mark.case("B05")
def test_a_list_without_end_ends(link: Connection, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "MOST_PAGES", 5)
    endpoint.bend = lambda asked, answer: (
        answer
        | {
            "results": [a_sale(f"o{asked.page}")],
            "_links": {"next": {"href": "?"}},
        }
    )
    with pytest.raises(BadAnswer, match="more than 5 pages"):
        pull(link, "orders")
    assert (len(stored()), mark()) == (5, None)


def test_empty_pages_that_promise_more_are_followed_for_a_while(
    link: Connection, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paging, "MOST_EMPTY_PAGES", 3)
    more = {"_links": {"next": {"href": "?"}}}
    endpoint.bend = lambda asked, answer: {
        "results": [a_sale()] if asked.page == 3 else [],
        "_links": more["_links"] if asked.page < 3 else {},
    }
    assert pull(link, "orders").rows == 1
    endpoint.bend = lambda asked, answer: {"results": []} | more
    with pytest.raises(BadAnswer, match="4 empty pages"):
        pull(link, "orders")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"null", b"5", b"\xff\xfe", b'"results"', b"<html>Please log in</html>", b"[" * 100_000),
        *(b"[]", b'[{"id": "o1"}]', b"{}", b'{"data": []}', b'{"results": null}', b'{"results": {"0": {}}}'),
        *(b'{"results": 5}', b'{"results": [1,]}', b'{"results": [], "_links": ' + b"[" * 100_000 + b"]" * 100_000),
    ],
    ids=lambda body: body[:20].decode("utf-8", "replace"),
)
def test_an_answer_that_is_no_published_list_is_a_failure_and_not_an_empty_list(
    link: Connection, endpoint: Endpoint, body: bytes
) -> None:
    endpoint.rows["orders"] = [a_sale()]
    pull(link, "orders")
    before = mark()
    endpoint.bend = lambda asked, answer: body
    with pytest.raises(BadAnswer):
        pull(link, "orders")
    assert (mark(), len(stored())) == (before, 1)


@pytest.mark.case("B09")
def test_a_page_that_was_announced_and_is_not_there_is_not_the_end(link: Connection, endpoint: Endpoint) -> None:
    endpoint.rows["orders"], endpoint.most_rows = sales(4), 2
    endpoint.bend = lambda asked, answer: answer if asked.page == 1 else Reply(404, {})
    with pytest.raises(BadAnswer, match="announced and is not there"):
        pull(link, "orders")
    assert (len(stored()), mark()) == (2, None)


def test_a_page_larger_than_a_transaction_should_be_is_taken_in_portions(link: Connection, endpoint: Endpoint) -> None:
    rows = [{"id": f"l{number}", "name": f"Shop {number}"} for number in range(5_001)]
    endpoint.bend = lambda asked, answer: {"results": rows, "totalResults": 5_001, "_links": {}, "pageSize": 5_001}
    assert pull(link, "locations") == PullResult(pages=1, rows=5_001)
    assert link.references.count() == 5_001
    kept = Page.objects.order_by("-rows")
    assert [page.rows for page in kept] == [5_000, 1]
    found = [row for page in kept for row in rows_of_page("partner_pull", "locations", bytes(page.body or b""))]
    assert [json.loads(row) for row in found] == rows


def test_a_page_larger_than_we_hold_is_a_failure(link: Connection, endpoint: Endpoint) -> None:
    body = b'{"results": [' + b" " * (33 * 1024 * 1024) + b"]}"
    endpoint.bend = lambda asked, answer: body
    with pytest.raises(BadAnswer, match="larger than"):
        pull(link, "orders")


def test_a_bad_row_is_refused_alone(link: Connection, endpoint: Endpoint) -> None:
    odd = [a_sale("bad", {"value": 1}), a_sale("word", payments=[{"id": "p", "amount": 12, "status": "Perhaps"}])]
    endpoint.rows["orders"] = [a_sale("o1"), *odd, {"totalAmount": 1}, a_sale("o2", minute=1)]
    assert pull(link, "orders") == PullResult(pages=1, rows=5, stored=2, refused=3)
    assert stored() == {"o1": 1_200, "o2": 1_200}
    assert sorted(ProblemRow.objects.values_list("code", flat=True)) == ["malformed", "malformed", "unknown_word"]
    assert mark() == NOON + timedelta(minutes=1)


def test_a_short_rest_is_waited_for_and_a_long_one_is_left_to_the_schedule(
    link: Connection, endpoint: Endpoint
) -> None:
    endpoint.rows["orders"], endpoint.most_rows = sales(4), 2
    refused: list[int] = []

    def rest(asked: Asked, answer: Any) -> Any:
        if asked.page == 2 and not refused:
            refused.append(2)
            return Reply(429, {}, {"Retry-After": "1"})
        return answer

    endpoint.bend = rest
    assert pull(link, "orders").rows == 4
    assert pages_asked(endpoint) == [1, 2, 2]
    endpoint.bend = lambda asked, answer: Reply(429, {}, {"Retry-After": "600"})
    with pytest.raises(Waiting) as caught:
        pull(link, "orders")
    seconds = (caught.value.until - datetime.now(UTC)).total_seconds()
    assert 500 < seconds <= 600


@pytest.mark.parametrize(("status", "failure"), [(401, NotAuthorized), (403, Refused), (400, Refused)])
def test_a_refusal_is_a_failure_and_not_an_empty_list(
    link: Connection, endpoint: Endpoint, status: int, failure: type[Failure]
) -> None:
    endpoint.bend = lambda asked, answer: Reply(status, {"error": "no"})
    with pytest.raises(failure):
        pull(link, "orders")


def test_a_private_address_is_not_called_unless_the_operator_allows_it(
    link: Connection, endpoint: Endpoint, settings: Any
) -> None:
    settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = []
    with pytest.raises(MisconfiguredPlatform, match="nothing was sent"):
        pull(link, "orders")
    assert endpoint.asked == []


def test_nothing_can_be_pushed_to_it(link: Connection) -> None:
    with pytest.raises(NotPushed):
        receive(connection=link, dataset="orders", body=b"[]")


def test_a_sync_pulls_the_sales_into_the_books_and_a_key_that_expired_ends_the_authorization(
    endpoint: Endpoint,
) -> None:
    company = a_merchant()
    link = linked(company, endpoint)
    endpoint.rows["orders"] = [a_sale("o1"), a_sale("o2", 18)]
    assert synced(company) == 2000
    assert trial_balance(company) == {"1100": 3_000, "4000": -2_600, "2200": -400}
    endpoint.key = "another"
    assert synced(company) == 4220
    link.refresh_from_db()
    assert link.status == "Deauthorized"
    calls = len(endpoint.asked)
    assert synced(company) == 4220
    assert len(endpoint.asked) == calls
    authorize(connection=link, secrets={"apiKey": "another"}, actor="test")
    endpoint.rows["orders"].append(a_sale("o3", minute=1))
    assert synced(company) == 2000


def test_a_key_that_is_exchanged_during_a_pull_does_not_end_the_authorization(
    link: Connection, endpoint: Endpoint
) -> None:
    endpoint.rows["orders"], endpoint.most_rows = sales(4), 2

    def exchange(asked: Asked, answer: Any) -> Any:
        if asked.page == 1:
            endpoint.key = "another"
        return answer

    endpoint.bend = exchange
    platform = registry.commerce("partner_pull")
    with open_door(link, platform) as door:
        pages = platform.fetch(Session(link.pk, link.company_id, link.settings, door), "orders")
        next(pages)
        authorize(connection=link, secrets={"apiKey": "another"}, actor="test")
        assert len(next(pages).rows) == 2


def synced(company: Any) -> int:
    """The public code of a sync of the company, run to its end."""
    sync = services.request_sync(company=company)
    work.drain()
    sync.refresh_from_db()
    return sync.code
