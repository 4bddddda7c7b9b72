"""What records add up to, from their parts: topics of a day, and what they move on accounts of taxes, money and cards.

Read from the stored bytes of the records by shapes of its own, and summed by accounting knowledge of its own: no line
of the rules, of the posting or of the composing of documents is used, so that what is wrong there shows. Pure. Amounts
are minor units; instants stay the text that they are stored as.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import msgspec

from commerce_sync import reconcile_shapes as shapes
from ledger.book import Book

TAX: Final = "tax"
TENDER: Final = "tender"
GIFT_CARD: Final = "gift_card"
COMPARED: Final = frozenset((TAX, TENDER, GIFT_CARD))  # heads of roles whose accounts are compared to the unit
# Items of payouts that nothing else tells of.
_OWN_ITEMS: Final = frozenset(("reserve", "advance", "advance_repayment", "advance_fee", "exchange", "adjustment"))
_FEE_ITEMS: Final = frozenset(("fee", "fee_refund"))


class Move(NamedTuple):
    """So much on the account of a role (debit positive), at an instant."""

    role: str
    at: str
    amount: int


class Told(NamedTuple):
    """What one record comes to. ``amount`` counts in ``topic`` at ``at``; ``whole`` is its total as its source states
    such totals, from its parts."""

    topic: str
    at: str
    amount: int
    whole: int
    moves: list[Move]
    later: tuple[str, int] | None = None  # a dispute that was won: when, and what came back


class Terms:
    """What of a book's policy decides what a record comes to, and on which accounts.

    ``shared``: accounts that other roles have a part in, in this or in another version of the book. ``heads``:
    account → the one kind of role it is for, of those that are compared.
    """

    def __init__(self, book: Book, shared: frozenset[str]) -> None:
        policy = book.policy
        self.book = book
        self.defers_open = policy.open_orders != "receivable"
        self.drops_withheld = policy.marketplace_tax != "in_and_out"
        self.books_fees = policy.fees_from == "records"
        self.items = _OWN_ITEMS | _FEE_ITEMS if policy.fees_from == "payouts" else _OWN_ITEMS
        self.keeps_expired = policy.expired_cards == "keep"
        self.tolerance = policy.record_tolerance
        # A single-purpose voucher pays part of the tax: what it moved is divided by a rule, and not compared.
        compared = COMPARED if policy.voucher == "multi_purpose" else COMPARED - {TAX, GIFT_CARD}
        self.heads = {
            account: head
            for name, account in book.accounts.items()
            if account not in shared and (head := head_of(name)) in compared
        }
        self.separate = policy.discounts == "separate"
        self.grace = timedelta(minutes=policy.tender_grace_minutes)
        self._accounts: dict[tuple[str, str], str] = {}

    def account(self, role: str, currency: str) -> str:
        """The account of a role, "" when it cannot be compared: none is chosen, or others have a part in it."""
        key = role, currency
        found = self._accounts.get(key)
        if found is None:
            found = self.book.account(role, currency)
            found = self._accounts[key] = found if self.heads.get(found) == head_of(role) else ""
        return found


def head_of(role: str) -> str:
    """What kind of role it is: "tender" of "tender:card@USD"."""
    return role.partition("@")[0].partition(":")[0]


def shared_accounts(books: list[Book]) -> frozenset[str]:
    """The accounts of a company that cannot be compared by role: they have a part in roles of more than one head, or
    take what is not mapped."""
    heads: dict[str, set[str]] = {}
    for book in books:
        for name, account in book.accounts.items():
            heads.setdefault(account, set()).add(head_of(name))
    mixed = {account for account, own in heads.items() if len(own) > 1 or not own & COMPARED}
    return frozenset(mixed | {book.suspense for book in books} | {""})


def tell(kind: str, body: bytes, terms: Terms) -> Told:
    """What a stored record comes to; raises ``msgspec.ValidationError`` for one that is none."""
    decoder, to = _READERS[kind]
    return to(decoder.decode(body), terms)


def _order(record: shapes.Order, terms: Terms) -> Told:
    moves: list[Move] = []
    at = record.closed_at
    is_open = record.state == "open" and terms.defers_open
    whole = _whole(record.lines, record.stated, terms)
    withheld = 0
    if not is_open:
        withheld = _lines(moves, record.lines, at, -1, terms)
    for tender in record.tenders:
        when = at
        if tender.captured_at != at and (is_open or not _together(tender.captured_at, at, terms.grace)):
            when = tender.captured_at
        moves.append(Move(_money(tender), when, tender.amount))
    amount = 0 if is_open else whole
    if withheld:
        _withhold(moves, record.tenders, at, -withheld)
        amount -= withheld if terms.drops_withheld else 0
    return Told("sales", at, amount, whole, moves)


def _refund(record: shapes.Refund, terms: Terms) -> Told:
    moves: list[Move] = []
    at = record.refunded_at
    lines = record.lines
    whole = record.stated if lines is None else _whole(lines, record.stated, terms)
    withheld = _lines(moves, lines or [], at, 1, terms)
    moves += [Move(_money(tender), at, -tender.amount) for tender in record.tenders]
    amount = whole
    if withheld:
        _withhold(moves, record.tenders, at, withheld)
        amount -= withheld if terms.drops_withheld else 0
    return Told("refunds", at, amount, whole, moves)


def _whole(lines: list[shapes.Line], stated: int, terms: Terms) -> int:
    """What the lines add up to; what the book tolerates to be missing is booked, too."""
    found = 0
    for line in lines:
        found += line.net
        for tax in line.taxes or ():
            found += tax.amount
    return stated if found != stated and abs(found - stated) <= terms.tolerance else found


def _lines(moves: list[Move], lines: list[shapes.Line], at: str, sign: int, terms: Terms) -> int:
    """The taxes and the gift cards of lines, ``sign`` −1 where they are sold; what a marketplace keeps of their tax."""
    withheld = 0
    for line in lines:
        for tax in line.taxes or ():
            if tax.collected_by == "merchant":
                moves.append(Move(f"tax:{tax.key}", at, sign * tax.amount))
            else:
                withheld += tax.amount
                if not terms.drops_withheld:
                    moves.append(Move(f"tax:{tax.key}", at, sign * tax.amount))
        if line.kind == "gift_card":
            worth = line.face
            if worth is None:
                worth = line.net + (line.discount if terms.separate else 0)
            moves.append(Move("gift_card:sold", at, sign * worth))
    return withheld


def _withhold(moves: list[Move], tenders: list[shapes.Tender], at: str, amount: int) -> None:
    """Money that never arrives, because the marketplace keeps it."""
    if tenders:
        moves.append(Move(_money(tenders[0]), at, amount))


def _money(tender: shapes.Tender) -> str:
    if tender.method == "gift_card":
        return "gift_card:redeemed"
    if tender.method == "store_credit":
        return "store_credit"
    return clearing(tender.method, tender.provider or tender.label)


def clearing(method: str, provider: str) -> str:
    """The role of money that waits at a processor."""
    return f"tender:{method}:{provider}" if provider else f"tender:{method}"


def _together(captured_at: str, closed_at: str, grace: timedelta) -> bool:
    return abs(datetime.fromisoformat(captured_at) - datetime.fromisoformat(closed_at)) <= grace


def _fee(record: shapes.Fee, terms: Terms) -> Told:
    whole = record.amount + sum([tax.amount for tax in record.taxes])
    moves = [Move(clearing(record.method, record.provider), record.charged_at, -whole)] if terms.books_fees else []
    return Told("fees", record.charged_at, whole if terms.books_fees else 0, whole, moves)


def _payout(record: shapes.Payout, terms: Terms) -> Told:
    own = sum([item.amount for item in record.items or () if item.kind in terms.items])
    waits = clearing(record.method, record.provider)
    moves = [Move(waits, record.arrives_on, own - record.amount)]
    return Told("payouts", record.arrives_on, record.amount, record.amount, moves)


def _dispute(record: shapes.Dispute, terms: Terms) -> Told:
    if record.outcome == "inquiry":
        return Told("disputes", record.opened_at, 0, record.amount, [])
    waits = clearing(record.method, record.provider)
    moves, later = [Move(waits, record.opened_at, -record.amount)], None
    if record.outcome == "won":
        closed_at = record.closed_at or record.opened_at
        moves.append(Move(waits, closed_at, record.amount))
        later = closed_at, -record.amount
    return Told("disputes", record.opened_at, record.amount, record.amount, moves, later)


def _change(record: shapes.Change, terms: Terms) -> Told:
    at = record.changed_at
    moves = (
        [Move(f"tax:{tax.key}", at, tax.amount) for tax in record.taxes] if record.kind == "issued_for_return" else []
    )
    if record.kind == "expired" and terms.keeps_expired:
        return Told("gift cards", at, 0, record.amount, [])
    amount = record.amount if record.kind in ("issued_for_return", "issued_free", "adjusted") else -record.amount
    return Told("gift cards", at, amount, record.amount, [*moves, Move(f"gift_card:{record.kind}", at, -amount)])


def _cash(record: shapes.Cash, terms: Terms) -> Told:
    amount = record.amount if record.kind in ("paid_in", "over_short") else -record.amount
    return Told("cash", record.at, amount, record.amount, [Move("tender:cash", record.at, amount)])


_READERS: Final[dict[str, tuple[msgspec.json.Decoder[Any], Callable[[Any, Terms], Told]]]] = {
    "order": (msgspec.json.Decoder(shapes.Order), _order),
    "refund": (msgspec.json.Decoder(shapes.Refund), _refund),
    "fee": (msgspec.json.Decoder(shapes.Fee), _fee),
    "payout": (msgspec.json.Decoder(shapes.Payout), _payout),
    "dispute": (msgspec.json.Decoder(shapes.Dispute), _dispute),
    "gift_card_change": (msgspec.json.Decoder(shapes.Change), _change),
    "cash_movement": (msgspec.json.Decoder(shapes.Cash), _cash),
}
