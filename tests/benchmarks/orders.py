"""Realistic orders in the published commerce shapes, page by page, the same bytes for the same arguments.

One order is about 2.5 kB of JSON: three lines, one or two tax components, one payment, now and then a discount or a
tip; one in twenty is given back whole a few days later, by a Refund transaction. That makes 6.55 rows an order in
normal form, which is the mix that the floors of this folder were measured with. Prices are before tax, in pounds.

Pages are JSON arrays of `PAGE_ROWS` rows. `write_pages` puts them on disk, one page a line, so that a benchmark reads
bytes as a server does and keeps none of them in memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

PAGE_ROWS = 1_000  # what a partner sends at a time
ORDERS_A_DAY = 3_334  # 100,000 orders are thirty days
FIRST_DAY = datetime(2026, 3, 2, tzinfo=UTC)
ZONE = "Europe/London"
CURRENCY = "GBP"
CATEGORIES = ("Bakery", "Coffee", "Deli", "Gifts", "Grocery", "Homeware", "Produce", "Wine")
PRODUCTS = 200
REFUND_EVERY = 20
RATES = (("vat-standard", "VAT standard", 20), ("city-levy", "City levy", 5))
PLACES = ("High Street", "Market Square", "Online shop")
PROVIDERS = ("stripe", "stripe", "stripe", "adyen")

Row = dict[str, Any]


class Page(NamedTuple):
    """One delivery: the dataset and the JSON array of its rows."""

    dataset: str
    body: bytes


_encoder = msgspec.json.Encoder(decimal_format="number")


def category_of(product: int) -> str:
    """The category of a product by its number."""
    return CATEGORIES[product % len(CATEGORIES)]


def product_page() -> Page:
    """All products: what orders refer to must be known before them."""
    rows = [
        {"id": _id("product", number), "name": _name(number), "categorization": category_of(number)}
        for number in range(PRODUCTS)
    ]
    return Page("products", _encoder.encode(rows))


def order_pages(orders: int, *, seed: int = 1, start: int = 0, page_rows: int = PAGE_ROWS) -> Iterator[Page]:
    """Pages of ``orders`` orders numbered from ``start``, with a page of refunds after each 20 pages and at the end."""
    rng = Random(seed)  # noqa: S311 (the same numbers each time are the point)
    rows: list[Row] = []
    refunds: list[Row] = []
    pages = 0
    for number in range(start, start + orders):
        row = order(number, rng)
        rows.append(row)
        if number % REFUND_EVERY == REFUND_EVERY - 1:
            refunds.append(_refund(row, number, rng))
        if len(rows) == page_rows:
            yield Page("orders", _encoder.encode(rows))
            rows, pages = [], pages + 1
            if pages % REFUND_EVERY == 0 and refunds:
                yield Page("transactions", _encoder.encode(refunds))
                refunds = []
    if rows:
        yield Page("orders", _encoder.encode(rows))
    if refunds:
        yield Page("transactions", _encoder.encode(refunds))


def last_day(orders: int, start: int = 0) -> datetime:
    """Midnight of a day by which all of these orders and their refunds have happened."""
    return FIRST_DAY + timedelta(days=(start + orders) // ORDERS_A_DAY + 5)


def order(number: int, rng: Random) -> Row:
    """One order of the published shape; it adds up."""
    day, place = divmod(number, ORDERS_A_DAY)
    opened = FIRST_DAY + timedelta(days=day, seconds=8 * 3600 + place * 43_000 // ORDERS_A_DAY)
    closed = opened + timedelta(seconds=rng.randrange(30, 900))
    closed_text = f"{closed:%Y-%m-%dT%H:%M:%S}Z"
    taxed = rng.choice(((1, 0, 0), (0, 1, 0), (2, 0, 0), (1, 0, 1)))  # components on each line: 1.5 an order
    lines = [_line(number, position, components, rng) for position, components in enumerate(taxed)]
    total = sum(line["totalAmount"] for line in lines)
    tip = _money(rng.randrange(50, 500)) if rng.random() < 0.1 else _money(0)
    return {
        "id": _id("order", number),
        "orderNumber": f"A{number:08d}",
        "country": "GBR",
        "currency": CURRENCY,
        "createdDate": f"{opened:%Y-%m-%dT%H:%M:%S}Z",
        "closedDate": closed_text,
        "totalAmount": total,
        "totalRefund": _money(0),
        "totalTaxAmount": sum(line["totalTaxAmount"] for line in lines),
        "totalDiscount": sum(part["totalAmount"] for line in lines for part in line["discountAllocations"]) + _money(0),
        "totalGratuity": tip,
        "orderLineItems": lines,
        "payments": [_payment(number, total + tip, closed_text, rng)],
        "serviceCharges": [],
        "locationRef": {"id": _id("location", number % 3), "name": PLACES[number % 3]},
        "customerRef": {"id": _id("customer", rng.getrandbits(40)), "name": "Alexandra Featherstonehaugh"},
        "modifiedDate": closed_text,
        "sourceModifiedDate": closed_text,
        "supplementalData": {"content": {"state": "completed"}},
    }


def _line(number: int, position: int, components: int, rng: Random) -> Row:
    product = rng.randrange(PRODUCTS)
    quantity = rng.choice((1, 1, 1, 2, 3))
    unit = rng.randrange(150, 6_000)
    discount = unit * quantity // 10 if rng.random() < 0.2 else 0
    net = unit * quantity - discount
    # Half up on integers of pennies: the till's rule. What counts here is only that it is said.
    parts = [(key, name, rate, (net * rate * 2 + 100) // 200) for key, name, rate in RATES[:components]]
    tax = sum(part[3] for part in parts)
    variant = product * 4 + rng.randrange(4)
    return {
        "id": _id("line", number * 3 + position),
        "quantity": quantity,
        "taxPercentage": sum(part[2] for part in parts),
        "totalAmount": _money(net + tax),
        "totalTaxAmount": _money(tax),
        "unitPrice": _money(unit),
        "taxes": [
            {"taxComponentRef": {"id": key, "name": name}, "rate": _money(rate), "taxAmount": _money(amount)}
            for key, name, rate, amount in parts
        ],
        "productRef": {"id": _id("product", product), "name": _name(product)},
        "productVariantRef": {"id": _id("variant", variant), "name": f"{_name(product)} - size {variant % 4 + 1}"},
        "discountAllocations": [{"name": "Ten percent off", "totalAmount": _money(discount)}] if discount else [],
    }


def _payment(number: int, amount: Decimal, at: str, rng: Random) -> Row:
    return {
        "id": _id("payment", number),
        "amount": amount,
        "currency": CURRENCY,
        "type": "Card",
        "status": "Paid",
        "paymentProvider": rng.choice(PROVIDERS),
        "dueDate": at,
        "createdDate": at,
        "modifiedDate": at,
        "sourceModifiedDate": at,
    }


def _refund(of: Row, number: int, rng: Random) -> Row:
    """The whole of an order given back, its tip too, through the processor that was paid."""
    at = FIRST_DAY + timedelta(days=number // ORDERS_A_DAY + rng.randrange(1, 4), hours=12, seconds=number % 3600)
    text = f"{at:%Y-%m-%dT%H:%M:%S}Z"
    payment = of["payments"][0]
    return {
        "id": _id("refund", number),
        "totalAmount": payment["amount"],
        "currency": CURRENCY,
        "type": "Refund",
        "subType": payment["paymentProvider"],
        "transactionSourceRef": {"id": of["id"], "type": "Order"},
        "createdDate": text,
        "sourceCreatedDate": text,
        "modifiedDate": text,
        "sourceModifiedDate": text,
    }


def _id(kind: str, number: int) -> str:
    """An id as platforms make them: the length and the look of a UUID, with its kind in front where people look."""
    return f"{kind[:3]}{number:05x}-51c5-4c0f-a4f2-{number * 2_654_435_761 % 2**48:012x}"


def _name(product: int) -> str:
    return f"{category_of(product)}: house selection no. {product:03d}, 250 g"


def _money(minor: int) -> Decimal:
    """Pennies as the pounds that the published shapes want, exactly."""
    return Decimal(minor).scaleb(-2)


def write_pages(path: Path, pages: Iterator[Page]) -> int:
    """Write pages to ``path``, one a line; the number of bytes."""
    size = 0
    with path.open("wb") as file:
        for page in pages:
            size += file.write(page.dataset.encode() + b"\t" + page.body + b"\n")
    return size


def read_pages(path: Path) -> Iterator[Page]:
    """The pages in ``path``, one in memory at a time."""
    with path.open("rb") as file:
        for line in file:
            dataset, _, body = line.rstrip(b"\n").partition(b"\t")
            yield Page(dataset.decode(), body)


def in_other_pages(pages: Iterator[Page], page_rows: int = 190) -> Iterator[Page]:
    """The same rows, byte for byte, cut into pages at other places."""
    rows_of = msgspec.json.Decoder(list[msgspec.Raw])
    waiting: dict[str, list[msgspec.Raw]] = {}
    for page in pages:
        rows = waiting.setdefault(page.dataset, [])
        rows += rows_of.decode(page.body)
        while len(rows) >= page_rows:
            yield Page(page.dataset, _encoder.encode(rows[:page_rows]))
            del rows[:page_rows]
    for dataset, rows in waiting.items():
        if rows:
            yield Page(dataset, _encoder.encode(rows))
