"""The platforms of the run, declared as real ones are: a till behind OAuth that rings, and books of three kinds."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from connectors import registry
from connectors.declare import GET, Budget, Hosts, OAuth2, Safety, Stream
from connectors.paging import PageNumber
from connectors.platform import CommercePlatform
from connectors.webhooks import Deliveries, HmacSha256
from tests.platforms.hostile_books import Hostile
from tests.platforms.hostile_sales import Sale, sale

AUTH: Final = OAuth2(authorize="/authorize", token="/token", margin_seconds=2)
SETTLE_SECONDS: Final = 1


class Till(CommercePlatform):
    """Its rows move while they are read; its refresh tokens work once."""

    key = "fault_till"
    published_key = "flti"
    name = "Faulty Till"
    hosts = Hosts(setting="base_url")
    budget = Budget()
    auth = AUTH
    webhooks = HmacSha256(header="X-Seal", facts=Deliveries(id="body:id", event="body:type"))
    sales = Stream(
        sale, wire=Sale, endpoint=GET("/sales"), rows="rows", since="query:since", paging=PageNumber(more="more"),
        lookback=timedelta(minutes=5), updated="changed",
    )  # fmt: skip


class KeyedBooks(Hostile):
    """It remembers idempotency keys for ever."""

    key = "fault_keyed"
    published_key = "flky"
    name = "Keyed Books"
    auth = AUTH
    keyed = True
    safety = Safety(idempotency="permanent", max_server_delay_seconds=SETTLE_SECONDS)


class UniqueBooks(Hostile):
    """It takes a reference once, and can be asked for it."""

    key = "fault_unique"
    published_key = "fluq"
    name = "Unique Books"
    auth = AUTH
    safety = Safety(search_by_ref=True, unique_ref=True, max_server_delay_seconds=SETTLE_SECONDS)


class SearchBooks(Hostile):
    """It takes the same document as often as it is sent, and can only be asked."""

    key = "fault_search"
    published_key = "flse"
    name = "Searchable Books"
    auth = AUTH
    safety = Safety(search_by_ref=True, max_server_delay_seconds=SETTLE_SECONDS)


BOOKS: Final = (KeyedBooks, UniqueBooks, SearchBooks)


def register() -> None:
    """Let the registry know them, in this process."""
    registry._all_commerce().setdefault(Till.key, Till())
    for variant in BOOKS:
        registry._all_accounting().setdefault(variant.key, variant())
