"""Hypothesis strategies: books and canonical records of every kind and state, all of which add up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import count

import msgspec
from hypothesis import strategies as st
from worked_accounts import USUAL_ACCOUNTS

from ledger.book import Book, Mode, Policy
from ledger.calendar import DayRule
from ledger.commerce import (
    CashMovement,
    Dispute,
    Fact,
    Fee,
    GiftCardChange,
    Line,
    Order,
    Payout,
    PayoutItem,
    Refund,
    Tax,
    Tender,
    line_gross,
)

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAYS = (DayRule(date(2020, 1, 1), "Europe/London", 4),)
CURRENCIES = ("GBP", "GBP", "GBP", "EUR")  # few days and currencies, so that records meet in one group
METHODS = ("card", "gift_card", "cash", "store_credit", "pay_later", "bank")
MODES: tuple[Mode, ...] = ("journal", "invoice", "per_order")
ACCOUNTS = USUAL_ACCOUNTS | {
    f"{role}@EUR": f"{USUAL_ACCOUNTS[role]} EUR"
    for role in ("tender", "tender:card", "tender:cash", "bank", "reserve", "advance", "carried_balance")
}
_serial = count(1)

amounts = st.integers(1, 50_000)
instants = st.builds(
    lambda days, minutes: NOON + timedelta(days=days, minutes=minutes),
    st.sampled_from((0, 0, 1, 2, 35)),
    st.integers(-900, 900),
)
places = st.sampled_from(("", "Soho", "Camden"))


def new_id(prefix: str) -> str:
    """An id that no other record of this process has."""
    return f"{prefix}{next(_serial)}"


policies = st.builds(
    Policy,
    sales_by=st.sampled_from(("", "category", "sku", "location", "channel")),
    discounts=st.sampled_from(("separate", "net")),
    group_by=st.sampled_from(((), ("location",), ("location", "channel"))),
    fees_from=st.sampled_from(("records", "payouts")),
    voucher=st.sampled_from(("multi_purpose", "single_purpose")),
    recognize=st.sampled_from(("payment", "fulfillment")),
    open_orders=st.sampled_from(("deposit", "receivable")),
    disputes=st.sampled_from(("receivable", "sales_return")),
    marketplace_tax=st.sampled_from(("exclude", "in_and_out")),
    expired_cards=st.sampled_from(("breakage", "keep")),
    cost=st.booleans(),
    shrinkage=st.booleans(),
    record_tolerance=st.sampled_from((0, 2)),
    rounding_cap=st.just(10_000),
)


@st.composite
def books(draw: st.DrawFn, mode: Mode = "journal") -> Book:
    """A book with an account for every role, its policy any."""
    return Book(
        "GBP",
        DAYS,
        mode=mode,
        accounts=ACCOUNTS,
        policy=draw(policies),
        suspense="Suspense",
        customer="Daily sales",
        supplier=draw(st.sampled_from(("", "Processor"))),
    )


@st.composite
def incomplete_books(draw: st.DrawFn) -> Book:
    """A book that lacks accounts and holds, or puts aside, what it has none for."""
    book = draw(books(draw(st.sampled_from((*MODES, "per_payout")))))
    lacking = draw(
        st.sets(
            st.sampled_from(sorted({"sales", "tender:card", "tender", "tip", "tax", "deposit", "receivable"})),
            max_size=3,
        )
    )
    policy = msgspec.structs.replace(
        book.policy,
        unmapped=draw(st.sampled_from(("suspense", "hold"))),
        on_problem=draw(st.sampled_from(("exclude", "hold"))),
        rounding_cap=draw(st.sampled_from((0, 10_000))),
    )
    return msgspec.structs.replace(
        book,
        policy=policy,
        accounts={role: account for role, account in ACCOUNTS.items() if role not in lacking},
        start_on=draw(st.sampled_from((None, date(2026, 11, 10)))),
    )


@st.composite
def taxes(draw: st.DrawFn, sign: int = 1, marketplace: bool = True) -> tuple[Tax, ...]:
    """No, one or two components."""
    by = st.sampled_from(("merchant", "merchant", "marketplace") if marketplace else ("merchant",))
    keys = draw(st.sets(st.sampled_from(("vat20", "gst", "qst")), max_size=2))
    return tuple(Tax(key, key, sign * draw(st.integers(0, 2_000)), collected_by=draw(by)) for key in sorted(keys))


@st.composite
def lines(draw: st.DrawFn, returns: bool = True, marketplace: bool = True) -> Line:
    """A line of any kind; ``returns`` allows goods taken back in exchange."""
    kind = draw(st.sampled_from(("product", "product", "product", "gift_card", "shipping", "service_charge", "tip")))
    net = draw(amounts)
    if kind == "gift_card":
        face = draw(st.sampled_from((None, net + 500)))
        return Line(kind, "Card", net, draw(taxes(marketplace=False)), face=face)
    if kind == "tip":
        return Line(kind, "Tip", net)
    if kind != "product":
        return Line(kind, kind, net, draw(taxes(marketplace=marketplace)), fulfilled_at=draw(st.none() | instants))
    sign = draw(st.sampled_from((1, 1, 1, -1))) if returns else 1
    discount = draw(st.integers(0, net)) if sign == 1 else 0
    return Line(
        kind,
        "Goods",
        sign * (net - discount),
        draw(taxes(sign, marketplace)),
        discount,
        category=draw(st.sampled_from(("", "Food", "Books"))),
        sku=draw(st.sampled_from(("", "A-1"))),
        cost=draw(st.none() | st.integers(0, 500).map(lambda cost: sign * cost)),
        fulfilled_at=draw(st.none() | instants),
    )


@st.composite
def tenders(draw: st.DrawFn, total: int, at: datetime, spread_days: int = 0) -> tuple[Tender, ...]:
    """``total`` (0 or more) in one to three payments, each up to ``spread_days`` before or after ``at``."""
    cuts = sorted(draw(st.lists(st.integers(0, total), max_size=2)))
    parts = [after - before for before, after in zip([0, *cuts], [*cuts, total], strict=True)]
    found = []
    for part in parts:
        captured = at + timedelta(days=draw(st.integers(-spread_days, spread_days)))
        provider = draw(st.sampled_from(("", "stripe")))
        found.append(Tender(new_id("t"), draw(st.sampled_from(METHODS)), part, captured, provider=provider))  # type: ignore[arg-type]
    return tuple(found)


@st.composite
def orders(draw: st.DrawFn, returns: bool = True, marketplace: bool = True, open_too: bool = True) -> Order:
    """Paid, part-paid, unpaid and open orders, over one day or several."""
    own = tuple(draw(st.lists(lines(returns, marketplace), max_size=4)))
    if draw(st.booleans()):
        own += (Line("rounding", "Cash rounding", draw(st.integers(-4, 4))),)
    stated = sum(line_gross(line) for line in own)
    at = draw(instants)
    paid = draw(st.sampled_from((stated, stated, stated // 3, 0))) if stated > 0 else 0
    state = draw(st.sampled_from(("completed", "completed", "open"))) if open_too else "completed"
    return Order(
        id=new_id("o"),
        number="1",
        currency=draw(st.sampled_from(CURRENCIES)),
        closed_at=at,
        updated_at=at,
        lines=own,
        tenders=draw(tenders(paid, at, spread_days=draw(st.sampled_from((0, 0, 3))))),
        stated=stated,
        due=stated - paid if state == "completed" else 0,
        state=state,  # type: ignore[arg-type]
        location=draw(places),
        channel=draw(places),
    )


@st.composite
def refunds(draw: st.DrawFn, marketplace: bool = True) -> Refund:
    """Refunds with lines and without, paid back or owed."""
    own = tuple(draw(st.lists(lines(returns=False, marketplace=marketplace), min_size=1, max_size=3)))
    stated, at = sum(line_gross(line) for line in own), draw(instants)
    paid = draw(st.sampled_from((stated, stated, 0)))
    return Refund(
        id=new_id("r"),
        order_id="o0",
        currency=draw(st.sampled_from(CURRENCIES)),
        refunded_at=at,
        updated_at=at,
        lines=draw(st.sampled_from((own, own, None))),
        tenders=draw(tenders(paid, at)),
        stated=stated,
        due=stated - paid,
        restocked=draw(st.booleans()),
        location=draw(places),
    )


_cash_like = {"currency": st.sampled_from(CURRENCIES), "updated_at": instants, "location": places}
_card_like = _cash_like | {
    "method": st.sampled_from(("card", "pay_later")),
    "provider": st.sampled_from(("", "stripe")),
}


def _ids(prefix: str) -> st.SearchStrategy[str]:
    return st.builds(lambda _: new_id(prefix), st.none())


fees = st.builds(
    Fee,
    id=_ids("f"),
    charged_at=instants,
    amount=st.integers(-500, 500),
    kind=st.sampled_from(("processing", "platform", "chargeback")),
    taxes=st.sampled_from(((), (Tax("vat20", "VAT", 20),))),
    **_card_like,
)
_items = st.lists(
    st.builds(
        PayoutItem,
        kind=st.sampled_from(
            ("charge", "refund", "fee", "fee_refund", "reserve", "advance", "advance_fee", "exchange", "adjustment")
        ),
        amount=st.integers(-9_000, 9_000),
    ),
    max_size=5,
)


@st.composite
def payouts(draw: st.DrawFn) -> Payout:
    """Positive and negative payouts, with their items and without."""
    items = draw(st.none() | _items)
    amount = draw(st.integers(-900, 9_000)) if items is None else sum(item.amount for item in items)
    base = draw(st.builds(Payout, id=_ids("p"), arrives_on=instants, amount=st.just(amount), **_card_like))
    return msgspec.structs.replace(base, items=None if items is None else tuple(items))


@st.composite
def disputes(draw: st.DrawFn) -> Dispute:
    """Inquiries and disputes that are open, won or lost some days later."""
    opened = draw(instants)
    closed = opened + timedelta(days=draw(st.integers(0, 20)))
    outcome = draw(st.sampled_from(("inquiry", "open", "won", "lost")))
    return draw(
        st.builds(
            Dispute,
            id=_ids("d"),
            opened_at=st.just(opened),
            closed_at=st.just(closed if outcome in ("won", "lost") else None),
            outcome=st.just(outcome),
            amount=amounts,
            **_card_like,
        )
    )


gift_card_changes = st.builds(
    GiftCardChange,
    id=_ids("g"),
    changed_at=instants,
    amount=amounts,
    kind=st.sampled_from(("issued_free", "issued_for_return", "expired", "escheated", "adjusted")),
    taxes=st.sampled_from(((), (Tax("vat20", "VAT", 1),))),
    **_cash_like,
)
cash_movements = st.builds(
    CashMovement,
    id=_ids("c"),
    at=instants,
    amount=amounts,
    kind=st.sampled_from(("paid_in", "paid_out", "over_short", "drop", "tips_paid_out")),
    label=st.sampled_from(("", "Cleaner")),
    **_cash_like,
)
_of_kind: dict[type, st.SearchStrategy[Fact]] = {
    Order: orders(),
    Refund: refunds(),
    Fee: fees,
    Payout: payouts(),
    Dispute: disputes(),
    GiftCardChange: gift_card_changes,
    CashMovement: cash_movements,
}
_often = (Order, Order, Order, Refund, Refund, Fee, Payout, Dispute, GiftCardChange, CashMovement)
records: st.SearchStrategy[Fact] = st.one_of(*(_of_kind[kind] for kind in _often))
batches = st.lists(records, max_size=5)


def _moved_to_noon(record: Fact) -> Fact:
    times = ("closed_at", "refunded_at", "charged_at", "arrives_on", "opened_at", "changed_at", "at")
    found = {name: NOON for name in times if getattr(record, name, None) is not None}
    return msgspec.structs.replace(record, currency="GBP", **found)


same_day_records = records.map(_moved_to_noon)


def records_like(record: Fact) -> st.SearchStrategy[Fact]:
    """Records of the same kind."""
    return _of_kind[type(record)]
