"""Thirty days of lifelike sales of three merchants, in the published commerce shapes, with every case in them.

The same merchant, last day, number of days and seed give the same rows, byte for byte. Rows come day by day in the
order in which a partner would push them: names first, then for each day orders, payments, transactions, disputes. An
order that changes later (an account that is paid, a layby collected, a sale made void) comes again on that day as a
newer version. Exactly `BAD_ROWS` rows per merchant are wrong on purpose, two days before the last.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from commerce_sync.demo.cases import SPECIAL, Till, plain
from commerce_sync.demo.merchants import MERCHANTS, Merchant
from commerce_sync.demo.pricing import Row, major
from commerce_sync.demo.processor import Processor
from commerce_sync.demo.references import reference_batches
from commerce_sync.demo.sales import Sale, order_row, payment_rows, stamp

__all__ = ["BAD_ROWS", "MERCHANTS", "Merchant", "demo_batches", "demo_pages", "encode_rows"]

DAYS: Final = 30
BAD_ROWS: Final = 3
SPECIAL_EVERY: Final = 5  # every fifth order is a special case, in turn
REFUND_PERCENT: Final = 5
REMEMBERED_SALES: Final = 150

_encoder: Final = msgspec.json.Encoder(decimal_format="number")


def encode_rows(rows: Sequence[Row]) -> bytes:
    """The rows as the JSON array that a partner pushes, amounts as numbers."""
    return _encoder.encode(rows)


def demo_pages(merchant: Merchant, last_day: date, days: int = DAYS, seed: int = 1) -> Iterator[tuple[str, bytes]]:
    """`demo_batches` as (dataset, JSON array)."""
    for dataset, rows in demo_batches(merchant, last_day, days, seed):
        yield dataset, encode_rows(rows)


def demo_batches(
    merchant: Merchant, last_day: date, days: int = DAYS, seed: int = 1
) -> Iterator[tuple[str, list[Row]]]:
    """(dataset, rows) of ``days`` business days, the last of them ``last_day`` of the merchant's zone.

    Amounts are `Decimal`s in major units. Raises ``ValueError`` for fewer than one day.
    """
    if days < 1:
        raise ValueError("at least one day is needed")
    first_day = last_day - timedelta(days=days - 1)
    yield from reference_batches(merchant, stamp(datetime.combine(first_day, time(), UTC)))
    shop = _Shop(merchant, seed)
    for day in range(days):
        yield from shop.trade(first_day + timedelta(days=day), day, is_bad_day=day == max(days - 3, 0))


class _Shop:
    """One merchant through time. Every day has chances of its own, so one day's rows do not hang on another's."""

    def __init__(self, merchant: Merchant, seed: int) -> None:
        self.merchant, self.seed = merchant, seed
        self.processor = Processor(merchant)
        self.later: dict[date, list[Sale]] = {}
        self.recent: deque[Sale] = deque(maxlen=REMEMBERED_SALES)
        self.credit = 0
        self.specials = 0

    def trade(self, today: date, day: int, *, is_bad_day: bool) -> Iterator[tuple[str, list[Row]]]:
        """The batches of one day; empty ones are left out."""
        rng = Random(f"{self.seed}/{self.merchant.key}/{today}")  # noqa: S311 (chance that repeats is the point)
        transactions = self.processor.pay_out(f"{today:%Y%m%d}", self._at(today, 6, 0), day)
        refundable = [sale for sale in self.recent if sale.card]
        contested = refundable[-1] if refundable else None
        disputes = self.processor.disputes(day, contested, self._at(today, 9, 30))
        if any(row["status"] in ("EvidenceRequired", "InquiryProcessing") for row in disputes) and contested:
            self.recent.remove(contested)  # nobody gets the money back twice
        changed = self.later.pop(today, [])
        sales = self._sales(today, rng)
        for sale in (*changed, *sales):
            for paid in sale.payments:
                is_new = paid.at >= self._at(today, 0, 0)
                if paid.type == "Card" and paid.status == "Paid" and paid.amount > 0 and is_new:
                    transactions += self.processor.take(sale, paid)
        transactions += self._refunds(today, rng)
        self.recent += [sale for sale in sales if sale.card and len(sale.payments) == 1 and not sale.extensions]
        orders = [order_row(self.merchant, sale) for sale in (*changed, *sales)]
        if is_bad_day:
            orders += self._bad_rows(today, orders[-1])
        payments = payment_rows(self.merchant, [*changed, *sales])
        for dataset, rows in (
            *(("orders", orders), ("payments", payments)),
            *(("transactions", transactions), ("disputes", disputes)),
        ):
            if rows:
                yield dataset, rows

    def _sales(self, today: date, rng: Random) -> list[Sale]:
        typical = self.merchant.weekday_orders[today.weekday()]
        count = typical + rng.randrange(-(typical // 8), typical // 8 + 1)
        weights = self.merchant.hour_weights
        hours = rng.choices(range(self.merchant.opens_at, self.merchant.opens_at + len(weights)), weights, k=count)
        moments = sorted((hour, rng.randrange(60), rng.randrange(60)) for hour in hours)
        till = Till(self.merchant, rng, [], self.credit)
        sales = []
        for number, (hour, minute, second) in enumerate(moments, 1):
            sale = self._blank(today, number, self._at(today, hour, minute) + timedelta(seconds=second), rng)
            if number % SPECIAL_EVERY == 0:
                SPECIAL[self.specials % len(SPECIAL)](till, sale)
                self.specials += 1
            else:
                plain(till, sale)
            sales.append(sale)
            while till.later:
                days, version = till.later.pop()
                self.later.setdefault(today + timedelta(days=days), []).append(version)
        self.credit = till.credit
        return sales

    def _blank(self, today: date, number: int, at: datetime, rng: Random) -> Sale:
        customer = rng.randrange(len(self.merchant.customers))
        return Sale(
            id=f"{self.merchant.key}-{today:%Y%m%d}-{number:03d}",
            number=f"{today:%y%m%d}-{number:03d}",
            opened_at=at - timedelta(seconds=rng.randrange(20, 1500)),
            closed_at=at,
            changed_at=at,
            location=self.merchant.locations[0],
            customer=(f"{self.merchant.key}-cus{customer}", self.merchant.customers[customer]),
        )

    def _refunds(self, today: date, rng: Random) -> list[Row]:
        """Of earlier days' card sales some are given back, in whole or in part, each at most once."""
        rows: list[Row] = []
        for sale in list(self.recent):
            if rng.randrange(1_000) >= REFUND_PERCENT * 4:  # a sale is remembered for two or three days
                continue
            self.recent.remove(sale)
            amount = sale.total if rng.random() < 0.5 else max(sale.goods * rng.randrange(20, 80) // 100, 1)
            rows += self.processor.refund(sale, amount, self._at(today, 17, rng.randrange(60)), 1)
        return rows

    def _bad_rows(self, today: date, good: Row) -> list[Row]:
        """One that misses its total by the smallest coin, one in a currency that does not exist, one without shape."""
        key = f"{self.merchant.key}-{today:%Y%m%d}-bad"
        coin: Decimal = major(self.merchant, 1)
        return [
            {**good, "id": f"{key}1", "orderNumber": "bad-1", "totalAmount": good["totalAmount"] + coin},
            {**good, "id": f"{key}2", "orderNumber": "bad-2", "currency": "ZZZ"},
            {**good, "id": f"{key}3", "orderNumber": "bad-3", "totalAmount": "twelve"},
        ]

    def _at(self, today: date, hour: int, minute: int) -> datetime:
        return datetime.combine(today, time(hour, minute), ZoneInfo(self.merchant.zone))
