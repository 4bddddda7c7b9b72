"""The book: how one company wants its sales kept.

Rules emit roles ("sales:food", "tender:card:stripe"); the book turns them into accounts, so that no rule has ever
seen an account number. A book is an immutable value; its versions are rows with author, reason and difference.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from ledger.calendar import Calendar, DayRule

Mode = Literal["journal", "invoice", "per_order", "per_payout"]

# Money that sits somewhere in one currency: never falls back to an account of another currency.
MONEY_ROLES: Final = frozenset({"tender", "bank", "reserve", "advance", "carried_balance"})


class TaxCode(Struct, frozen=True, omit_defaults=True):
    """The accounting software's tax code for one tax treatment ("vat20", "gst+qst"), from a day on."""

    tax: str
    code: str
    from_day: date = date.min


class Tracking(Struct, frozen=True, omit_defaults=True):
    """A dimension of the accounting software (class, tracking category) fed by a location or channel.

    ``options`` maps our value to the platform's option; a value without an entry goes untracked.
    """

    dimension: str
    by: Literal["location", "channel"]
    options: dict[str, str] = {}


class Policy(Struct, frozen=True, omit_defaults=True):
    """The switches of a book; every default is what an accountant would expect of a retailer."""

    sales_by: Literal["", "category", "sku", "location", "channel"] = "category"
    discounts: Literal["separate", "net"] = "separate"
    group_by: tuple[Literal["location", "channel"], ...] = ()
    unmapped: Literal["suspense", "hold"] = "suspense"
    on_problem: Literal["exclude", "hold"] = "exclude"
    fees_from: Literal["records", "payouts", "none"] = "records"
    voucher: Literal["multi_purpose", "single_purpose"] = "multi_purpose"
    recognize: Literal["payment", "fulfillment"] = "payment"
    open_orders: Literal["deposit", "receivable"] = "deposit"
    disputes: Literal["receivable", "sales_return"] = "receivable"
    marketplace_tax: Literal["exclude", "in_and_out"] = "exclude"
    expired_cards: Literal["breakage", "keep"] = "breakage"
    cost: bool = False
    shrinkage: bool = False
    late_changes: Literal["original_day", "first_open_day"] = "original_day"
    record_tolerance: int = 0
    rounding_cap: int = 100
    draft_invoices: bool = False
    tender_grace_minutes: int = 360


class Conflict(Struct, frozen=True):
    """Two choices of a book that cannot both hold; ``field`` is where the merchant changes it."""

    field: str
    sentence: str


class Book(Struct, frozen=True, omit_defaults=True, dict=True):
    """Mapping and policy of one company. ``accounts`` maps a role, or "role@CUR" for one currency, to an account id.

    ``start_on`` is the first business day that is kept; ``suspense`` takes what no role is mapped for.
    """

    currency: str
    days: tuple[DayRule, ...]
    mode: Mode = "journal"
    accounts: dict[str, str] = {}
    tax_codes: tuple[TaxCode, ...] = ()
    tracking: tuple[Tracking, ...] = ()
    policy: Policy = Policy()
    suspense: str = ""
    start_on: date | None = None
    customer: str = ""
    supplier: str = ""

    @cached_property
    def calendar(self) -> Calendar:
        """The business days of this company."""
        return Calendar(self.days)

    @cached_property
    def tender_grace(self) -> timedelta:
        """How far from a sale a payment may be captured and still be part of it."""
        return timedelta(minutes=self.policy.tender_grace_minutes)

    @cached_property
    def _accounts_found(self) -> dict[tuple[str, str], str]:
        return {}

    def account(self, role: str, currency: str) -> str:
        """The account for ``role``, falling back from specific to general, never across kinds; "" if none is chosen."""
        found = self._accounts_found.get((role, currency))
        if found is None:
            found = next(
                (self.accounts[name] for name in self._candidates(role, currency) if name in self.accounts),
                "",
            )
            self._accounts_found[role, currency] = found
        return found

    def _candidates(self, role: str, currency: str) -> Iterator[str]:
        paths = list(role_path(role))
        yield from (f"{path}@{currency}" for path in paths)
        if currency == self.currency or paths[-1] not in MONEY_ROLES:
            yield from paths

    def tax_code(self, tax: str, day: date) -> str:
        """The code in force on ``day`` for the tax treatment; "" when the book has none."""
        in_force = [code for code in self.tax_codes if code.tax == tax and code.from_day <= day]
        return max(in_force, key=lambda code: code.from_day).code if in_force else ""

    def tracked(self, location: str, channel: str) -> tuple[tuple[str, str], ...]:
        """(dimension, option) for what happened at this location, through this channel."""
        values = {"location": location, "channel": channel}
        pairs = ((t.dimension, t.options.get(values[t.by], "")) for t in self.tracking)
        return tuple((dimension, option) for dimension, option in pairs if option)

    def missing(self, roles: Iterable[str]) -> list[str]:
        """Those of ``roles`` (of the book's own currency) for which no account is chosen."""
        return sorted({role for role in roles if not self.account(role, self.currency)})

    def conflicts(self) -> list[Conflict]:
        """Choices that cannot both hold: the one truth for pages, API and engine."""
        return list(_conflicts(self))


def role_path(role: str) -> Iterator[str]:
    """ "sales:food:hot" → itself, "sales:food", "sales"."""
    while role:
        yield role
        role = role.rpartition(":")[0]


def _conflicts(book: Book) -> Iterator[Conflict]:
    bank, card = book.account("bank", book.currency), book.account("tender:card", book.currency)
    if bank and bank == card:
        yield Conflict("accounts.bank", "The account for card payments must not be the account that payouts arrive in.")
    sales = book.account("sales", book.currency)
    for role in ("tax", "tip", "gift_card", "deposit"):
        account = book.account(role, book.currency)
        if account and account == sales:
            yield Conflict(f"accounts.{role}", f"“{role}” is owed to somebody: it cannot share the sales account.")
    sold, redeemed = (book.account(f"gift_card:{event}", book.currency) for event in ("sold", "redeemed"))
    if sold != redeemed:
        yield Conflict("accounts.gift_card", "Gift cards sold and redeemed need one and the same account.")
    if book.policy.unmapped == "suspense" and not book.suspense:
        yield Conflict("suspense", "Choose a suspense account, or hold back what is not mapped.")
    if book.mode in ("invoice", "per_order"):
        if not book.customer:
            yield Conflict("customer", "Invoices need a customer.")
        if book.policy.draft_invoices:
            yield Conflict("policy.draft_invoices", "Payments cannot be recorded on draft invoices.")
    for option in book.tracking:
        if not option.options:
            yield Conflict(f"tracking.{option.dimension}", f"“{option.dimension}” has no options chosen.")


class Change(Struct, frozen=True):
    """One field that differs between two books; "" stands for absent."""

    field: str
    before: str
    after: str


def difference(before: Book | None, after: Book) -> list[Change]:
    """What changed, field by field, in a stable order: kept with every version and shown to people."""
    old = dict(_flat("", msgspec.to_builtins(before))) if before else {}
    new = dict(_flat("", msgspec.to_builtins(after)))
    fields = sorted(old.keys() | new.keys())
    return [Change(f, old.get(f, ""), new.get(f, "")) for f in fields if old.get(f) != new.get(f)]


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(f"{path}.{key}" if path else str(key), inner)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _flat(f"{path}[{index}]", inner)
    else:
        yield path, str(value)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Book)


def encode_book(book: Book) -> bytes:
    """The book's stored form."""
    return _encoder.encode(book)


def decode_book(body: bytes) -> Book:
    """The book in its stored form; raises ``msgspec.ValidationError`` naming the field that does not fit."""
    return _decoder.decode(body)
