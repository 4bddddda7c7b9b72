"""Square: tills, online shop and card payments of one seller, at several locations.

API: https://developer.squareup.com/reference/square (version below). Money is whole numbers of the smallest unit of its
currency, times are UTC. Rules, and why:

* **A sale is an order.** `total_money` (with tip, service charges and cash rounding) is what it is held to. Tenders
  are the order's own; a payment only tells of its fees, so that no payment is booked twice. A line's net is its total
  less all tax, whether the price contained it or not; of a discount off a price with tax in it, the net share counts.
* **A refund is a `PaymentRefund`**: it alone says by which means the money went, and whether it really did. What was
  brought back is in the *return order* that it names, which the pull fetches beside it; in the list of orders a return
  whose money is told by refunds is passed over. Several refunds of one return share its lines. An amount refunded
  without goods (one custom line) gets the parts of the original sale.
* **An exchange** is one order with lines and returns. When nothing is paid back it is one sale, with negative lines;
  when all that was brought back is refunded, a sale and refunds; when the difference is refunded, a refund with
  negative lines. A return without any word of its money does not add up, and is shown to a person.
* **Fees** come minutes to days later, with the payment's next change; each later adjustment is a fee of its own. Fees
  that belong to no payment (deposits, subscriptions, other apps, tax on fees) are known from payouts only.
* **Payouts** list their entries, which the pull fetches beside them. All that Square settles, cards, wallets and
  pay-later, waits in one clearing role (`tender:card:square`), because one payout pays for all of it.
* **Gift cards**: sold as order lines, used as tenders, given back as refunds; activities tell only of the rest.
* **Canceled** orders are gone, drafts have not come yet, open ones are deposits if they are paid at all.
* **Stock** is what can be sold of a variation at a location, with the seller's own warning as its threshold; what one
  costs Square tells nobody. It needs the right `INVENTORY_READ`: of sellers who gave it not, no stock is known.
* **Loyalty, invoices, customers, labor, bookings** have interfaces of their own and are not read: what of them moves
  money is in orders, payments and refunds.
* **One seller, many locations**: orders are searched for ten at a time, payments, payouts and drawers one by one,
  because without a location Square answers for the main one. Without a beginning it answers for the last year.
* **Newest first**: what changes while pages are read moves to where they begin, and shifts no row into a page that has
  been read. What a cursor stands for is not published: were it a place in the list, oldest first would lose rows.
* No rate is published, and `429` comes without a time: we keep to ten calls a second, and wait.
* **Webhooks** go to one address for all sellers of an app (`/webhooks/square`, the seller is `merchant_id`, which is a
  setting of the connection) or to that of a connection; they are signed over the address as it was registered.

Settings of a connection, for what its country or Square's word leaves open (the first is the default):
``auto_gratuity``: service_charge | tip; ``gift_cards_without_order``: issued_free | pass_over (sold by another till);
``fees_of_payouts``: entries | payments (fees that payout entries name are not booked from there).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from msgspec import Raw

from connectors.commerce import _square_money_wire as money
from connectors.commerce import _square_names_wire as names
from connectors.commerce import _square_wire as wire
from connectors.commerce._square_money import payment_records, payout_records
from connectors.commerce._square_names import location, no_record, thing
from connectors.commerce._square_orders import order_records
from connectors.commerce._square_pages import pages
from connectors.commerce._square_refunds import refund_records
from connectors.commerce._square_rest import CHANGES, dispute_records, gift_card_records, shift_records
from connectors.commerce._square_stock import IN_STOCK, count_id, counted, thresholds
from connectors.declare import GET, POST, Budget, Hosts, OAuth2, Rate, Stated, Stream
from connectors.named import Thing
from connectors.paging import Cursor, OnePage, Page
from connectors.place import Place
from connectors.platform import CommercePlatform
from connectors.session import MapContext, Session
from connectors.stock import StockCount
from connectors.webhooks import Deliveries, HmacSha256
from ledger.commerce import RecordKind

VERSION: Final = "2026-09-16"
_PAGES: Final = Cursor("cursor")
_CURRENCY: Final = "amount_money.currency"


def _amounts(kind: RecordKind, **more: Any) -> Stated:
    """The amount that a row is about."""
    return Stated((kind,), ("amount_money.amount",), currency=_CURRENCY, in_minor=True, **more)


def _fees(*names: str) -> Stated:
    """What Square took for a payment or a refund."""
    return _amounts("fee", each="processing_fee", id="effective_at", names=names, numbered=True)


class Square(CommercePlatform):
    """The facts."""

    key = "square"
    published_key = "sqre"
    name = "Square"
    hosts = Hosts(live="https://connect.squareup.com", sandbox="https://connect.squareupsandbox.com")
    headers = (("Square-Version", VERSION),)
    auth = OAuth2(
        authorize="/oauth2/authorize",
        token="/oauth2/token",  # noqa: S106
        revoke="/oauth2/revoke",
        account="merchant_id",
        client="json",
        live_extra=(("session", "false"),),  # [unverified: the sandbox is said to refuse it]
        margin_seconds=4 * 3_600,  # of thirty days, or of one where short-lived tokens are asked for
        scopes=(
            *("MERCHANT_PROFILE_READ", "ORDERS_READ", "PAYMENTS_READ", "ITEMS_READ", "PAYOUTS_READ", "DISPUTES_READ"),
            *("GIFTCARDS_READ", "BANK_ACCOUNTS_READ", "CASH_DRAWER_READ", "INVENTORY_READ"),
        ),
    )
    webhooks = HmacSha256(
        header="x-square-hmacsha256-signature",
        over="url+body",
        facts=Deliveries(
            id="body:event_id",
            sent="body:created_at",  # of the event, also when it is sent again, for a day (older pages: three)
            revoked=("oauth.authorization.revoked",),
            account="body:merchant_id",
            account_setting="merchant_id",
        ),
    )
    met = frozenset({"tender"})
    budget = Budget((Rate(calls=600, seconds=60, burst=300),))

    locations = Stream(
        to=no_record, wire=names.Location, kinds=(), endpoint=GET("/v2/locations"), rows="locations", paging=OnePage(),
        updated=None,
    )  # fmt: skip
    catalog = Stream(
        to=no_record, wire=names.CatalogObject, kinds=(), stock=True, rows="objects",
        paging=Cursor("cursor", place="body"), since="body:begin_time",
        endpoint=POST(
            "/v2/catalog/search",
            {
                "object_types": ["ITEM", "ITEM_VARIATION", "CATEGORY", "TAX"],
                "include_deleted_objects": True,
                "limit": 1_000,
            },
            safe=True,
        ),
    )  # fmt: skip
    inventory = Stream(
        to=no_record, wire=names.InventoryCount, kinds=(), stock=True, rows="counts", id="catalog_object_id",
        paging=Cursor("cursor", place="body"), since="body:updated_after", updated="calculated_at",
        endpoint=POST("/v2/inventory/counts/batch-retrieve", {"states": [IN_STOCK], "limit": 1_000}, safe=True),
    )  # fmt: skip
    orders = Stream(
        to=order_records, wire=wire.Order, kinds=("order", "refund"), rows="orders",
        paging=Cursor("cursor", place="body"),
        since="body:query.filter.date_time_filter.updated_at.start_at",
        endpoint=POST(
            "/v2/orders/search",
            {
                "limit": 500,
                "return_entries": False,
                "query": {
                    "filter": {"state_filter": {"states": ["COMPLETED", "OPEN", "CANCELED"]}},
                    "sort": {"sort_field": "UPDATED_AT", "sort_order": "DESC"},
                },
            },
            safe=True,
        ),
        stated=(
            Stated(
                ("order",), ("total_money.amount",), either=("return_amounts.total_money.amount",),
                currency="total_money.currency", in_minor=True,
            ),
        ),
        untold={"refund": "of a return of which nobody says how the money went"},
    )  # fmt: skip
    payments = Stream(
        to=payment_records, wire=money.Payment, kinds=("fee",), rows="payments", paging=_PAGES,
        since="query:updated_at_begin_time",
        endpoint=GET("/v2/payments", sort_field="UPDATED_AT", sort_order="DESC", limit="100"),
        stated=(_fees("{row}"),),
    )  # fmt: skip
    refunds = Stream(
        to=refund_records, wire=wire.Refund, kinds=("refund", "fee"), rows="refunds", paging=_PAGES,
        since="query:updated_at_begin_time",
        endpoint=GET("/v2/refunds", sort_field="UPDATED_AT", sort_order="DESC", limit="100"),
        stated=(_amounts("refund"), _fees("{row}:fee")),
    )  # fmt: skip
    payouts = Stream(  # found by when they were made, and paid or returned by the bank days later
        to=payout_records, wire=money.Payout, kinds=("payout", "fee"), rows="payouts", paging=_PAGES,
        since="query:begin_time", lookback=timedelta(days=14),
        endpoint=GET("/v2/payouts", sort_order="ASC", limit="100"),
        stated=(
            _amounts("payout"),
            Stated(("fee",), minus=("net_amount_money.amount",), each="payout_entries", in_minor=True),
        ),
    )  # fmt: skip
    disputes = Stream(
        to=dispute_records, wire=money.Dispute, kinds=("dispute",), rows="disputes", paging=_PAGES,
        endpoint=GET("/v2/disputes"),
        stated=(_amounts("dispute"),),
    )  # fmt: skip
    gift_cards = Stream(
        to=gift_card_records, wire=money.GiftCardActivity, kinds=("gift_card_change",), rows="gift_card_activities",
        paging=_PAGES, since="query:begin_time", updated="created_at", lookback=timedelta(hours=1),
        endpoint=GET("/v2/gift-cards/activities", sort_order="ASC", limit="100"),
        stated=tuple(
            Stated(("gift_card_change",), (f"{each}.amount_money.amount",), unsigned=True, when=(each,), in_minor=True)
            for each in CHANGES
        ),
    )  # fmt: skip
    cash_drawers = Stream(  # found by when they were opened, and counted at the end of the shift
        to=shift_records, wire=money.Shift, kinds=("cash_movement",), rows="cash_drawer_shifts", paging=_PAGES,
        since="query:begin_time", lookback=timedelta(days=4),
        endpoint=GET("/v2/cash-drawers/shifts", sort_order="ASC", limit="200"),
        stated=(
            Stated(
                ("cash_movement",), ("event_money.amount",), each="events", names=("{row}:{id}",), unsigned=True,
                in_minor=True,
            ),
            Stated(
                ("cash_movement",), ("closed_cash_money.amount",), ("expected_cash_money.amount",),
                currency="closed_cash_money.currency", in_minor=True,
            ),
        ),
    )  # fmt: skip

    def fetch(
        self, session: Session, dataset: str, since: datetime | None = None, at: Place | None = None
    ) -> Iterator[Page]:
        """The pages of a stream, over all locations where Square asks for one. Raises a `Failure`."""
        yield from pages(session, dataset, self.stream(dataset), since, at)

    def reference(self, dataset: str, row: bytes | Raw) -> Thing | None:
        """What a location or an object of the catalog is called."""
        if dataset == "locations":
            return location(row)
        return thing(row) if dataset == "catalog" else None

    def identify(self, dataset: str, row: bytes | Raw) -> tuple[str, datetime | None]:
        """Counts have no id: what is counted, where and in which state is theirs."""
        if dataset != "inventory":
            return super().identify(dataset, bytes(row))
        return count_id(row), super().identify(dataset, bytes(row))[1]

    def stock(self, dataset: str, row: bytes | Raw, context: MapContext) -> tuple[StockCount, ...]:
        """How many there are, or from how few on the seller is warned."""
        if dataset == "inventory":
            return counted(row, context)
        return thresholds(row, context) if dataset == "catalog" else ()
