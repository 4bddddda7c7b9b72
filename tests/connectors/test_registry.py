"""The registry insists on the facts, and names the file and the gap."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from connectors import registry
from connectors.declare import Rate, Safety
from connectors.errors import MappingProblem, MisconfiguredPlatform
from connectors.platform import AccountingPlatform, CommercePlatform, MapContext, Session

SHOP = '''"""A shop, with its quirks."""
from connectors.declare import *
from connectors.paging import Cursor
from connectors.platform import CommercePlatform
from datetime import UTC, datetime
from ledger.commerce import Deleted

AT = datetime(2026, 3, 2, tzinfo=UTC)

class Shop(CommercePlatform):
    key = "shop"
    published_key = "shop"
    name = "Shop"
    hosts = Hosts(live="https://api.shop.example")
    budget = Budget()
    orders = Stream(
        to=lambda wire, context: [Deleted(wire["id"], "GBP", AT, AT)], endpoint=GET("/orders"), paging=Cursor("c"),
        untold={"order": "a shop that only tells what is gone"},
    )
'''

LEDGER = '''"""A ledger, with its quirks."""
from connectors.declare import *
from connectors.platform import AccountingPlatform

class Ledger(AccountingPlatform):
    key = "ledger"
    published_key = "ldgr"
    name = "Ledger"
    local = True
    document_kinds = frozenset({"Journal"})
    safety = Safety(unique_ref=True)
    def push(self, session, document): ...
    def find(self, session, document): ...
    def void(self, session, remote_id, kind): ...
    def facts(self, session): ...
    def options(self, session): ...
    def create_account(self, session, *, name, type, code=""): ...
'''

Package = Callable[..., str]
_numbers = itertools.count()


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Package]:
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)

    def make(**modules: str) -> str:
        name = f"platforms_{next(_numbers)}"
        (tmp_path / name).mkdir()
        for module, text in {"__init__": "", **modules}.items():
            (tmp_path / name / f"{module}.py").write_text(text)
        return name

    yield make
    for module in set(sys.modules) - before:
        if module.startswith("platforms_"):
            del sys.modules[module]


def test_every_module_of_the_folder_is_found(package: Package) -> None:
    other = SHOP.replace('key = "shop"\n    published_key = "shop"', 'key = "other"\n    published_key = "othr"')
    found = registry.collect(package(shop=SHOP, other=other, _part="x = 1"), CommercePlatform)
    assert sorted(found) == ["other", "shop"]
    assert list(found["shop"].streams) == ["orders"]
    assert "ledger" in registry.collect(package(ledger=LEDGER), AccountingPlatform)


@pytest.mark.parametrize(
    ("cut", "gap"),
    [
        ('    key = "shop"\n', "lacks key"),
        ('    published_key = "shop"\n', "lacks published_key"),
        ('    name = "Shop"\n', "lacks name"),
        ('    hosts = Hosts(live="https://api.shop.example")\n', "lacks hosts"),
        ("    budget = Budget()\n", "lacks budget"),
        (', paging=Cursor("c")', "orders lacks its endpoint or its paging"),
        ('untold={"order": "a shop that only tells what is gone"},', "states the total of its kind order"),
        ('"""A shop, with its quirks."""\n', "docstring"),
    ],
)
def test_a_missing_fact_stops_the_start(package: Package, cut: str, gap: str) -> None:
    assert cut in SHOP
    with pytest.raises(MisconfiguredPlatform, match=gap) as caught:
        registry.collect(package(shop=SHOP.replace(cut, "")), CommercePlatform)
    assert "shop.py" in str(caught.value)


@pytest.mark.parametrize("verb", ["push", "find", "void", "facts", "options", "create_account"])
def test_a_missing_verb_stops_the_start(package: Package, verb: str) -> None:
    text = "\n".join(line for line in LEDGER.splitlines() if f"def {verb}(" not in line)
    with pytest.raises(MisconfiguredPlatform, match=rf"lacks {verb}\(\)"):
        registry.collect(package(ledger=text), AccountingPlatform)


@pytest.mark.parametrize("verb", ["draft_order", "find_order"])
def test_who_drafts_orders_has_both_verbs(package: Package, verb: str) -> None:
    verbs = {
        "draft_order": "    def draft_order(self, session, order): ...",
        "find_order": "    def find_order(self, session, reference): ...",
    }
    text = LEDGER.replace("    local = True\n", "    local = True\n    drafts_orders = True\n")
    whole = "\n".join((text, *verbs.values()))
    assert registry.collect(package(ledger=whole), AccountingPlatform)["ledger"].drafts_orders
    with pytest.raises(MisconfiguredPlatform, match=rf"lacks {verb}\(\)"):
        registry.collect(package(ledger=whole.replace(verbs[verb], "")), AccountingPlatform)


def test_one_key_belongs_to_one_file(package: Package) -> None:
    with pytest.raises(MisconfiguredPlatform, match="is taken by"):
        registry.collect(package(one=SHOP, two=SHOP), CommercePlatform)


def test_a_file_without_a_platform_stops_the_start(package: Package) -> None:
    with pytest.raises(MisconfiguredPlatform, match="defines no CommercePlatform"):
        registry.collect(package(empty='"""Nothing."""'), CommercePlatform)


def test_an_import_error_is_never_swallowed(package: Package) -> None:
    with pytest.raises(ImportError):
        registry.collect(package(shop=SHOP, broken="import no_such_module"), CommercePlatform)


def test_an_unknown_key_names_the_known_ones(monkeypatch: pytest.MonkeyPatch, package: Package) -> None:
    known = registry.collect(package(shop=SHOP), CommercePlatform)
    with pytest.raises(MisconfiguredPlatform, match="known are: shop"):
        registry._named(known, "shopp")


def test_a_platform_without_any_safety_never_posts_by_itself(package: Package) -> None:
    for safety, local, may in (
        ("Safety()", False, False),
        ("Safety(max_server_delay_seconds=5)", False, False),
        ('Safety(idempotency="permanent")', False, True),
        ("Safety(idempotency=1800)", False, True),
        ("Safety(unique_ref=True)", False, True),
        ("Safety(search_by_ref=True)", False, True),
        ("Safety()", True, True),
    ):
        text = LEDGER.replace("Safety(unique_ref=True)", safety).replace("local = True", f"local = {local}")
        text = text.replace("    name", '    hosts = Hosts(live="https://a.example")\n    budget = Budget()\n    name')
        found = registry.collect(package(ledger=text), AccountingPlatform)
        assert found["ledger"].may_post_automatically is may


def test_a_clear_not_there_is_believed_only_after_the_delay_and_the_lag() -> None:
    assert Safety(search_by_ref=True, search_lag_seconds=30, max_server_delay_seconds=60).settle_seconds == 90


@pytest.mark.parametrize("wrong", [(0, 1), (1, 0), (5, 1, "connection", 6)])
def test_a_rate_that_cannot_be_is_refused_at_import(wrong: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="a rate needs"):
        Rate(*wrong)


def test_a_row_names_itself(package: Package) -> None:
    shop = registry.collect(package(shop=SHOP), CommercePlatform)["shop"]
    row = b'{"id": 12345678901234567890, "updated_at": "2026-03-29T03:30:00+02:00"}'
    assert shop.identify("orders", row) == ("12345678901234567890", datetime(2026, 3, 29, 1, 30, tzinfo=UTC))
    assert shop.identify("orders", b'{"id": "a"}') == ("a", None)
    assert [record.id for record in shop.map("orders", b'{"id": "a"}', MapContext("GBP"))] == ["a"]
    with pytest.raises(MappingProblem, match="NUL"):
        shop.map("orders", b'{"id": "a", "name": "\\u0000"}', MapContext("GBP"))
    with pytest.raises(MappingProblem, match="NUL"):
        shop.identify("orders", b'{"id": "a\\u0000"}')


@pytest.mark.parametrize(
    "row",
    [b"{}", b"[]", b"", b'{"id": null}', b'{"id": true}', b'{"id": 1.5}', b'{"id": ""}']
    + [b'{"id": "a", "updated_at": "yesterday"}', b'{"id": "a", "updated_at": "2026-03-29T03:30:00"}'],
)
def test_a_row_that_cannot_name_itself_is_a_problem(package: Package, row: bytes) -> None:
    shop = registry.collect(package(shop=SHOP), CommercePlatform)["shop"]
    with pytest.raises(MappingProblem) as caught:
        shop.identify("orders", row)
    assert caught.value.code == "malformed"


def test_an_unknown_dataset_and_a_missing_door_are_our_mistakes(package: Package) -> None:
    shop = registry.collect(package(shop=SHOP), CommercePlatform)["shop"]
    with pytest.raises(MisconfiguredPlatform, match="no stream"):
        shop.map("nothing", b"{}", MapContext("GBP"))
    with pytest.raises(MisconfiguredPlatform, match="no door"):
        list(shop.fetch(Session(1, 1), "orders"))


def test_our_own_platforms_state_their_facts() -> None:
    registry.load()
    assert "partner" in registry.commerce_keys()
    assert "books" in registry.accounting_keys()
    assert registry.accounting("books").local
