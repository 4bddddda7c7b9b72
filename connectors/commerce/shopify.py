"""Shopify: an online shop with tills, read through GraphQL; its own payments settle what is paid by card.

API: https://shopify.dev/docs/api/admin-graphql (version below). Amounts are decimal texts with a currency; what is
booked is the money of the shop. Times are UTC. Rules, and why:

* **A sale is an order**, on the day when it was processed. Its lines are the *sales* of its *agreements* (the order and
  each edit of it): signed, after discount, with each component of tax, a tip once, whether prices contain tax or not.
  So an edited order is a new version of the same sale. The total that it is held to is what Shopify prints as left
  after all returns, plus these returns.
* **A refund is a record of its own**: its goods are those of the agreement about it, its money the successful
  transactions. Goods that came back and are not paid for yet (a return, a refund on account) are owed to the customer;
  money that is paid back later pays that. An exchange for the same or for more is part of the sale.
* **Money** is a successful `SALE` or `CAPTURE` that is no test. Authorizations and voids move nothing. What is pending
  or authorized only is an order that is still open; one that is canceled before money moved is gone.
* **Gateways**: what Shopify Payments pays out waits in one clearing role (`tender:card:shopify_payments`), gift cards
  and store credit are what they are, cash is cash; any other gateway is `tender:external:<its name>`.
* **Fees** are those of the balance of Shopify Payments, which tells of all of them, also of returned ones; other
  gateways report none. **Payouts** list their balance transactions, which the pull fetches beside them.
* **Disputes** are listed whole each time: they do not say when they changed.
* **Gift cards**: sold as order lines, used as tenders, given back as refunds. Those that were given away are read only
  where a setting says so, because few apps get the scope `read_gift_cards`; expiry and deactivation are not read.
* **Tax rates** have no ids and, as ways of paying, no list: they are met on sales, and a rate is its title with its
  percentage. Tax that the channel owes is the marketplace's.
* **Costs** are the variants' present unit costs. **Categories** are the types of their products. **Stock** is what is
  on hand at a location, of variants that are tracked and stocked there; Shopify knows no thresholds, and of a variant
  that is deleted it says nothing more.
* **Deleted orders** leave an event [unverified]; besides, the shop is asked once a day, and when `orders/delete` rings,
  which of the orders of the last 45 days it still has. Their refunds are taken out with them, as is a refund that came
  to nothing (`connectors/hanging.py`).
* **Points**: a question costs what it may return, out of a bucket that fills steadily; `THROTTLED` comes with status
  200. What is left is in each answer, and the shared budget is held until another such question fits. A question that
  is too large is asked again for half as many orders; what does not fit into an order is fetched beside it.
* **Old orders** beyond 60 days need the scope `read_all_orders`. Customers are not read: that needs another approval;
  what is kept of one is what deliveries say, and is deleted when one of the three topics about privacy comes.
* **Webhooks** go to one address for all shops of an app, signed with the app's secret; no topic tells of payouts.

Settings of a connection, for what the vendor's word leaves open (the first is the default): ``cash_rounding``: beside |
inside (whether the amount of a cash transaction is without its rounding, or with it); ``tax_adjustments``: withheld |
adjustment (whether those of the balance are the tax that orders say the channel owes); ``orders_per_page``: 10;
``gift_cards_without_order``: pass_over | issued_free; ``missing_orders``: take_back | keep | take_back_all (whether
orders that are not there any more are taken out of the books, and also when none of more than twenty is there).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec import Raw

from connectors.auth import Client
from connectors.commerce import _shopify_gate as gate
from connectors.commerce import _shopify_queries as queries
from connectors.commerce import _shopify_wire as wire
from connectors.commerce._shopify_balance import OWN_FEES, balance_records, dispute_records, payout_records
from connectors.commerce._shopify_gone import gone_rows
from connectors.commerce._shopify_names import deleted_order, gift_card_records, location, no_record
from connectors.commerce._shopify_orders import order_records
from connectors.commerce._shopify_pages import ENDPOINT, pages
from connectors.commerce._shopify_variants import Variant, counts, variation
from connectors.declare import POST, Budget, Endpoint, Hosts, OAuth2, Rate, Stated, Stream
from connectors.errors import BadCallback, Failure
from connectors.graphql import Relay
from connectors.named import Thing
from connectors.paging import Page
from connectors.place import Place
from connectors.platform import CommercePlatform
from connectors.session import Known, MapContext, Session
from connectors.stock import StockCount
from connectors.webhooks import Deliveries, HmacSha256
from connectors.wire import Response

_ACCOUNT: Final = "data.shopifyPaymentsAccount"
_SINCE: Final = "body:variables.query"


def _ask(query: str, **variables: int) -> Endpoint:
    return POST(ENDPOINT, {"query": query, "variables": variables}, safe=True)


# Movements that are fees themselves, also where they are turned round.
_IS_FEE: Final = "type=" + "|".join([*OWN_FEES, *(f"{kind}_REVERSAL" for kind in OWN_FEES)])


class Shopify(CommercePlatform):
    """The facts."""

    key = "shopify"
    published_key = "fztf"
    name = "Shopify"
    catalog_costs = True
    hosts = Hosts(live="https://{shop}.myshopify.com")
    auth = OAuth2(
        authorize="/admin/oauth/authorize",
        token="/admin/oauth/access_token",  # noqa: S106
        client="json",
        code_extra=(("expiring", "1"),),
        separator=",",
        header="X-Shopify-Access-Token",
        scheme="",
        margin_seconds=300,  # of an hour
        rest_days=90,
        scopes=(
            *("read_orders", "read_all_orders", "read_products", "read_inventory", "read_locations", "read_returns"),
            *("read_shopify_payments_accounts", "read_shopify_payments_payouts", "read_shopify_payments_disputes"),
        ),
    )
    webhooks = HmacSha256(
        header="x-shopify-hmac-sha256",
        by_client=True,
        facts=Deliveries(
            id="header:x-shopify-webhook-id",  # the same when it is sent again, for four hours
            event="header:x-shopify-topic",
            revoked=("app/uninstalled",),
            deleted=("orders/delete",),
            personal=("customers/data_request", "customers/redact"),
            erased=("shop/redact",),  # two days after it was uninstalled
            account="header:x-shopify-shop-domain",
            account_setting="shop",
            account_suffix=".myshopify.com",
        ),
    )
    met = frozenset({"tender", "tax_rate"})
    announces = ("x-shopify-api-deprecated-reason", "sunset", "deprecation")
    budget = Budget((Rate(calls=600, seconds=60, burst=60),))  # none is published for calls: points are what counts

    locations = Stream(
        to=no_record, wire=wire.Location, kinds=(), rows="data.locations.nodes", paging=Relay("data.locations"),
        id="legacyResourceId", updated=None, endpoint=_ask(queries.LOCATIONS, first=100),
    )  # fmt: skip
    variants = Stream(
        to=no_record, wire=Variant, kinds=(), stock=True, rows="data.productVariants.nodes",
        paging=Relay("data.productVariants"), id="legacyResourceId", updated=None,
        endpoint=_ask(queries.VARIANTS, first=50, levels=5),
    )  # fmt: skip
    orders = Stream(
        to=order_records, wire=wire.Order, kinds=("order", "refund"), rows="data.orders.nodes",
        paging=Relay("data.orders"), id="legacyResourceId", updated="updatedAt", since=_SINCE,
        endpoint=_ask(queries.ORDERS, first=10, agreements=3, sales=10),
        stated=(  # what is printed is what is left after all returns
            Stated(
                ("order",), ("currentTotalPriceSet.shopMoney.amount",),
                either=("transactions[].amountRoundingSet.shopMoney.amount",), id="legacyResourceId",
                unless=("refunds[]", "agreements.nodes[].refund", "agreements.nodes[].reason=RETURN|REFUND"),
                currency="currencyCode",
            ),
        ),
        untold={"refund": "it is stated by its lines alone, and by the money that went"},
    )  # fmt: skip
    balance = Stream(
        to=balance_records, wire=wire.BalanceTransaction, kinds=("fee",), rows=f"{_ACCOUNT}.balanceTransactions.nodes",
        paging=Relay(f"{_ACCOUNT}.balanceTransactions"), updated="transactionDate", since=_SINCE,
        lookback=timedelta(days=3), endpoint=_ask(queries.BALANCE, first=100),
        stated=(
            Stated(("fee",), ("fee.amount",), unless=(_IS_FEE,), currency="fee.currencyCode"),
            Stated(("fee",), ("fee.amount",), ("amount.amount",), when=(_IS_FEE,), currency="fee.currencyCode"),
        ),
    )  # fmt: skip
    payouts = Stream(  # found by when they were issued, and paid or returned by the bank days later
        to=payout_records, wire=wire.Payout, kinds=("payout",), rows=f"{_ACCOUNT}.payouts.nodes",
        paging=Relay(f"{_ACCOUNT}.payouts"), id="legacyResourceId", updated="issuedAt", since=_SINCE,
        lookback=timedelta(days=14), endpoint=_ask(queries.PAYOUTS, first=50),
        stated=(
            Stated(("payout",), ("net.amount",), id="legacyResourceId", unsigned=True, currency="net.currencyCode"),
        ),
    )  # fmt: skip
    disputes = Stream(
        to=dispute_records, wire=wire.Dispute, kinds=("dispute",), rows=f"{_ACCOUNT}.disputes.nodes",
        paging=Relay(f"{_ACCOUNT}.disputes"), id="legacyResourceId", updated=None,
        endpoint=_ask(queries.DISPUTES, first=100),
        stated=(
            Stated(
                ("dispute",), ("amount.amount",), id="legacyResourceId", unsigned=True, currency="amount.currencyCode"
            ),
        ),
    )  # fmt: skip
    gift_cards = Stream(
        to=gift_card_records, wire=wire.GiftCard, kinds=("gift_card_change",), rows="data.giftCards.nodes",
        paging=Relay("data.giftCards"), updated="createdAt", since=_SINCE,
        endpoint=_ask(queries.GIFT_CARDS, first=100),
        stated=(Stated(("gift_card_change",), ("initialValue.amount",), currency="initialValue.currencyCode"),),
    )  # fmt: skip
    deleted_orders = Stream(
        to=deleted_order, wire=wire.Event, kinds=("order",), rows="data.events.nodes", paging=Relay("data.events"),
        updated="createdAt", since=_SINCE, endpoint=_ask(queries.DELETED, first=100),
        vanishes=timedelta(days=45),  # older ones than 60 days are hidden from apps without `read_all_orders`
        untold={"order": "only that it is gone"},
    )  # fmt: skip

    def fetch(
        self, session: Session, dataset: str, since: datetime | None = None, at: Place | None = None
    ) -> Iterator[Page]:
        """The pages of a stream, and beside them what belongs to their rows. Raises a `Failure`."""
        yield from pages(session, dataset, self.stream(dataset), since, at)

    def gone(self, session: Session, dataset: str, known: Sequence[Known], at: datetime) -> Iterator[Page]:
        """Which of the orders are clearly not there any more. Raises a `Failure`."""
        yield from gone_rows(session, ENDPOINT, self.stream(dataset), known, at)

    def reference(self, dataset: str, row: bytes | Raw) -> Thing | tuple[Thing, ...] | None:
        """What a location, or a variant with its product, is called."""
        if dataset == "locations":
            return location(row)
        return variation(row) if dataset == "variants" else None

    def stock(self, dataset: str, row: bytes | Raw, context: MapContext) -> tuple[StockCount, ...]:
        """What a variant costs, and how many of it are where."""
        return counts(row) if self.stream(dataset).stock else ()

    def setting_problem(self, name: str, value: str) -> str:
        """A shop is named by the first part of its own address at Shopify."""
        if name == "shop" and not gate.SHOP.fullmatch(value):
            return "It is the first part of the shop's own address: small letters, digits and dashes."
        return ""

    def breath(self, response: Response) -> tuple[timedelta | None, bool]:
        """By the bucket of points, which each answer tells of."""
        return gate.breath(response)

    def complaint(self, response: Response) -> Failure | None:
        """By the errors that stand in an answer with status 200."""
        return gate.complaint(response)

    def came_back(self, params: Mapping[str, str], client: Client, at: datetime) -> dict[str, str]:
        """The shop that the merchant consented for; raises `BadCallback` for what Shopify has not signed."""
        problem = gate.callback_problem(params, client.client_secret, at)
        if problem:
            raise BadCallback(problem)
        return {"shop": gate.shop_of(params["shop"])}
