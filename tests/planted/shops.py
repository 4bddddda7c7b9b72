"""Two months of an orderly shop, in the published shapes: every card payment is paid out on the next day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from commerce_sync.demo import cases
from commerce_sync.demo.cases import Till
from commerce_sync.demo.merchants import LONDON, Merchant
from commerce_sync.demo.pricing import Row
from commerce_sync.demo.processor import Processor
from commerce_sync.demo.references import reference_batches
from commerce_sync.demo.sales import Sale, order_row, payment_rows, stamp

DAYS: Final = 63  # a merchant's rhythm needs weeks to be known
# A wallet of its own would wait for a payout that this processor never makes.
SHOP: Final = replace(LONDON, weekday_orders=(4, 4, 5, 5, 6, 7, 6), cash_percent=25, tip_percent=10)
SPECIAL: Final = (
    cases.gift_card_sold, cases.shipped, cases.gift_card_used, cases.order_discount, cases.served, cases.cash,
)  # fmt: skip
SPECIAL_ORDER: Final = 4  # of each day; gift cards are sold before any is used
REFUND_EVERY_DAYS: Final = 3


def days_of(key: str, last_day: date, days: int = DAYS) -> Iterator[tuple[date, dict[str, list[Row]]]]:
    """(business day, dataset → rows) of each day. The same key and day give the same rows."""
    merchant = replace(SHOP, key=key)
    rng, processor = Random(key), Processor(merchant)  # noqa: S311 (chance that repeats is the point)
    till, refundable = Till(merchant, rng, [], 0), list[Sale]()
    for number in range(days):
        today = last_day - timedelta(days=days - 1 - number)
        rows: list[Row] = processor.pay_out(f"{today:%Y%m%d}", _at(merchant, today, 6), number + 1_000)
        count = SHOP.weekday_orders[today.weekday()]
        sales = [_sale(till, today, order, number if order == SPECIAL_ORDER else None) for order in range(1, count + 1)]
        for sale in sales:
            for paid in sale.payments:
                if paid.type == "Card":
                    rows += processor.take(sale, paid)
        if number % REFUND_EVERY_DAYS == 0 and refundable:
            back = refundable.pop()
            rows += processor.refund(back, back.total // 2, _at(merchant, today, 17), 1)
        refundable = [sale for sale in sales if sale.card and len(sale.payments) == 1]
        yield (
            today,
            {
                "orders": [order_row(merchant, sale) for sale in sales],
                "payments": payment_rows(merchant, sales),
                "transactions": rows,
            },
        )


def names_of(key: str, first_day: date) -> Iterator[tuple[str, list[Row]]]:
    """(dataset, rows) of what the shop calls its things."""
    return reference_batches(replace(SHOP, key=key), stamp(datetime.combine(first_day, time(), UTC)))


def together(days: Mapping[date, Mapping[str, list[Row]]]) -> dict[str, list[Row]]:
    """The rows of all days by dataset, as one push."""
    found: dict[str, list[Row]] = {}
    for datasets in days.values():
        for dataset, rows in datasets.items():
            found.setdefault(dataset, []).extend(rows)
    return found


def _sale(till: Till, today: date, number: int, special: int | None) -> Sale:
    merchant = till.merchant
    at = _at(merchant, today, 9 + number)
    sale = Sale(
        id=f"{merchant.key}-{today:%Y%m%d}-{number:03d}", number=f"{today:%y%m%d}-{number:03d}",
        opened_at=at - timedelta(minutes=5), closed_at=at, changed_at=at, location=merchant.locations[0],
        customer=(f"{merchant.key}-cus0", merchant.customers[0]),
    )  # fmt: skip
    if special is None:
        _plain(till, sale)
    else:
        SPECIAL[special % len(SPECIAL)](till, sale)
    return sale


def _plain(till: Till, sale: Sale) -> None:
    for _ in range(till.rng.choice((1, 2, 2, 3))):
        sale.lines.append(till.pick(10 if till.rng.random() < 0.1 else 0))
    if till.rng.randrange(100) < till.merchant.cash_percent:
        cases.pay_cash(till, sale)
    else:
        cases.pay_card(till, sale, sale.total)


def _at(merchant: Merchant, today: date, hour: int) -> datetime:
    return datetime.combine(today, time(hour), ZoneInfo(merchant.zone))
