"""WooCommerce: a shop of the merchant's own, on a server of the merchant's own, with plugins that change everything.

API: https://woocommerce.github.io/woocommerce-rest-api-docs/ (REST v3; the plugin from version 5.8 on, with "pretty"
permalinks). The login is a consumer key and its secret, read-only is enough: typed in, or made by the shop on its page
`/wc-auth/v1/authorize` and posted to us. Amounts are decimal texts, and those of
lines never contain tax. Times that end in `_gmt` are UTC and do not say so. Rules, and why:

* **A sale is an order** in one of the `sales_statuses`. It is made when it was paid. What is in one of these and not
  paid (on delivery, mostly) is an open order, or a sale on account from its creation on: `unpaid_orders`.
  What waits is nothing until it is paid; what is void (also in the trash) is gone, its refunds with it. A status of a
  plugin's is shown to a person until a setting says what it means. The shop tells no payments: what an order comes to
  was paid by its one gateway, also after it was edited.
* **Taxes and nets** have more decimals than the currency: asked for with six, rounded together to the shop's totals.
  What the shop itself rounded away is a rounding line, half a unit for each amount at most.
* **Coupons** are in the lines already. **Tips** and **gift cards used** are fees by their names; a gift card used is
  a means of payment, so it is added to the total again. **Gift cards sold** are products by type or by setting.
* **A refund** says whether the gateway made it; else by which means is a setting. Money without lines gets the parts of
  its sale.
* **Stock** is that of products and variations that manage it; where the parent does, it is counted there. What is few
  is said by the product, or by a setting. Before version 10.3 a variation is looked at when its product changed.
* **Costs** are what the shop froze into the order (its feature Cost of goods sold; 0 is none). Whether refunded goods
  went back to stock is not told: a setting.
* **Fees** are what the gateway's plugin wrote into the order; payouts, disputes and adjustments are not in the shop.
  Where another connection tells of them, `gateway_fees` must be `pass_over`, else they are booked twice.
* **Deleted**: what is in the trash is read there. What was deleted for good leaves no trace, so once a day, and when
  `order.deleted` rings, it is asked which orders of the last sixty days are still there, and with which refunds; each
  that is missing is asked for once more by its id (`_woo_gone`). Older ones are left alone: shops are cleaned up.
* **Pages** go by the instant of change (`_woo_pages`). With `dates_are_gmt`, instants are sent without a zone.
* **Webhooks** are not tried again, and are switched off after five failures, which is read here and told by the doctor:
  they only ring. The first one is unsigned.
* No rate is published; five calls a second is what a small server bears.

Settings of a connection, with their defaults: `_woo_terms.DEFAULTS`. Unverified, hence settings: the names of fees, of
meta data and of gift cards' products, `manual_refunds`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType

import msgspec
from msgspec import Raw, Struct

from connectors.commerce import _woo_wire as wire
from connectors.commerce._woo_gone import gone_rows
from connectors.commerce._woo_names import named, no_record
from connectors.commerce._woo_orders import order_records
from connectors.commerce._woo_pages import FETCHES, MODIFIED, PAGE_SIZE, PATH, CountedPages
from connectors.commerce._woo_refunds import refund_records
from connectors.commerce._woo_stock import counts
from connectors.commerce._woo_terms import MEANINGS, problem
from connectors.declare import GET, Asked, BasicLogin, Budget, Handover, Hosts, Rate, Stated, Stream
from connectors.errors import Failure, NothingServed, Refused
from connectors.named import Thing
from connectors.paging import OnePage, Page
from connectors.place import Place
from connectors.platform import CommercePlatform
from connectors.session import Known, MapContext, Session
from connectors.stock import StockCount
from connectors.webhooks import Deliveries, HmacSha256
from connectors.wire import Response

_LOOKBACK = timedelta(hours=1)  # a slow request may store an hour-old instant
_ASKED_AFTER = timedelta(days=60)
_CHANGED = {"per_page": PAGE_SIZE, "orderby": "modified", "order": "desc", "dates_are_gmt": "true"}
_OF_ORDERS = (
    "id,status,currency,date_created_gmt,date_modified_gmt,date_paid_gmt,payment_method,payment_method_title,"
    "created_via,customer_id,refunds"
)
_OF_PRODUCTS = "id,name,sku,date_modified_gmt,manage_stock,stock_quantity,low_stock_amount,cost_of_goods_sold"
_OF_BELLS = "id,name,status,topic,delivery_url"
_MAY_BE_REFUSED = ("products", "variations", "categories", "taxes", "payment_gateways", "bells")


class _Error(Struct):
    code: str = ""
    message: str = ""


class WooCommerce(CommercePlatform):
    """The facts."""

    key = "woocommerce"
    published_key = "woco"
    name = "WooCommerce"
    hosts = Hosts(setting="base_url")
    auth = BasicLogin(
        username=Asked(
            "Consumer key (ck_…)",
            "In your shop: WooCommerce, Settings, Advanced, REST API, Add key, with the permission Read.",
        ),
        password=Asked("Consumer secret (cs_…)", "It is shown once, beside the key."),
        handover=Handover(
            page="/wc-auth/v1/authorize",
            app="app_name",
            state="user_id",
            back="return_url",
            posts="callback_url",
            username="consumer_key",
            password="consumer_secret",  # noqa: S106
            extra=(("scope", "read"),),
        ),
    )
    budget = Budget((Rate(calls=300, seconds=60, burst=30),))
    setting_fields = MappingProxyType({"base_url": "the https address of the shop", **MEANINGS})
    webhooks = HmacSha256(
        header="x-wc-webhook-signature",
        greeting=b"webhook_id=",
        facts=Deliveries(
            id="header:x-wc-webhook-delivery-id", event="header:x-wc-webhook-topic", deleted=("order.deleted",)
        ),
    )

    products = Stream(
        to=no_record, wire=wire.Product, kinds=(), stock=True, paging=CountedPages(), since="query:modified_after",
        updated=MODIFIED, is_utc=True, lookback=_LOOKBACK,
        endpoint=GET(f"{PATH}/products", _fields=f"{_OF_PRODUCTS},type,categories", **_CHANGED),
    )  # fmt: skip
    variations = Stream(
        to=no_record, wire=wire.Product, kinds=(), stock=True, paging=CountedPages(), since="query:modified_after",
        updated=MODIFIED, is_utc=True, lookback=_LOOKBACK,
        endpoint=GET(f"{PATH}/variations", _fields=f"{_OF_PRODUCTS},parent_id", **_CHANGED),
    )  # fmt: skip
    categories = Stream(
        to=no_record, wire=wire.Category, kinds=(), paging=CountedPages(), updated=None,
        endpoint=GET(f"{PATH}/products/categories", per_page=PAGE_SIZE, orderby="id", order="asc"),
    )  # fmt: skip
    taxes = Stream(
        to=no_record, wire=wire.TaxRate, kinds=(), paging=CountedPages(), updated=None,
        endpoint=GET(f"{PATH}/taxes", per_page=PAGE_SIZE, orderby="id", order="asc"),
    )  # fmt: skip
    bells = Stream(
        to=no_record, wire=wire.Webhook, kinds=(), paging=CountedPages(), updated=None,
        endpoint=GET(f"{PATH}/webhooks", per_page=PAGE_SIZE, orderby="id", order="asc", _fields=_OF_BELLS),
    )  # fmt: skip
    payment_gateways = Stream(
        to=no_record, wire=wire.Gateway, kinds=(), paging=OnePage(), updated=None,
        endpoint=GET(f"{PATH}/payment_gateways"),
    )  # fmt: skip
    orders = Stream(
        to=order_records, wire=wire.Order, kinds=("order", "fee"), paging=CountedPages(), since="query:modified_after",
        updated=MODIFIED, is_utc=True, lookback=_LOOKBACK, vanishes=_ASKED_AFTER,
        endpoint=GET(f"{PATH}/orders", status="any", dp="6", **_CHANGED),
        stated=(  # fees of less than nothing may be gift cards that it was paid with
            Stated(("order",), ("total", "gift_cards[].amount"), unless=("fee_lines[].total<0",), currency="currency"),
        ),
        untold={"fee": "it is what a gateway's plugin noted down, each in its own way"},
    )  # fmt: skip
    refunds = Stream(
        to=refund_records, wire=wire.Refund, kinds=("refund",), paging=CountedPages(), since="query:modified_after",
        updated=MODIFIED, is_utc=True, lookback=_LOOKBACK, vanishes=_ASKED_AFTER,
        endpoint=GET(f"{PATH}/orders", status="any", _fields=_OF_ORDERS, **_CHANGED),
        stated=(Stated(("refund",), ("amount",), currency="order.currency"),),
    )  # fmt: skip

    def fetch(
        self, session: Session, dataset: str, since: datetime | None = None, at: Place | None = None
    ) -> Iterator[Page]:
        """The pages of a stream; none of names that the key's user may not see. Raises a `Failure`."""
        endpoint, special = self.stream(dataset).endpoint, FETCHES.get(dataset)
        try:
            if endpoint is not None and special is not None:
                yield from special(session, endpoint.request(), since, at)
            else:
                yield from super().fetch(session, dataset, since, at)
        except Refused as refusal:
            if refusal.status != HTTPStatus.FORBIDDEN or dataset not in _MAY_BE_REFUSED:
                raise

    def gone(self, session: Session, dataset: str, known: Sequence[Known], at: datetime) -> Iterator[Page]:
        """See `CommercePlatform.gone`. Raises `BadAnswer` when nothing is there any more: that is another shop."""
        yield from gone_rows(session, dataset, known, at)

    def reference(self, dataset: str, row: bytes | Raw) -> Thing | None:
        """What a product, a category, a rate of tax or a gateway is called."""
        return named(dataset, row)

    def stock(self, dataset: str, row: bytes | Raw, context: MapContext) -> Sequence[StockCount]:
        """How many of a product or a variation are left."""
        return counts(row, context)

    def setting_problem(self, name: str, value: str) -> str:
        """See `Platform.setting_problem`."""
        return problem(name, value) if name in MEANINGS else super().setting_problem(name, value)

    def refusal(self, response: Response) -> Failure | None:
        """No shop at the address, in WordPress's words."""
        try:
            error = msgspec.json.decode(response.body, type=_Error)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None
        if error.code == "rest_no_route":
            return NothingServed(error.message, status=response.status)
        return None
