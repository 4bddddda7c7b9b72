"""What is known of a company when its configuration is shown or changed. Values, that change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import Final, Literal, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from msgspec import Struct

from commerce_sync.configuration.fields import Field, account_of, fields, is_name
from commerce_sync.schedule import Frequency
from connectors.session import Option
from ledger.book import Book, Mode

WITH_TAX_RATES: Final = frozenset({"invoice", "per_order"})  # a journal's tax is on its account
WITH_CUSTOMER: Final = frozenset({"invoice", "per_order"})
_KINDS: Final[dict[Mode, frozenset[str]]] = {
    "journal": frozenset({"Journal"}),
    "invoice": frozenset({"Invoice", "CreditNote"}),
    "per_order": frozenset({"Invoice", "CreditNote"}),
    "per_payout": frozenset({"Journal"}),
}


class Plan(NamedTuple):
    """When syncs run by themselves."""

    frequency: Frequency = "daily"
    hour: int = 4
    zone: str = "UTC"
    day_of_month: int = 1


class Rate(NamedTuple):
    """One tax treatment of the sales: the components that are charged together, as the ledger names them.

    ``ppm`` is the sum of their rates in millionths, None when one of them is not known.
    """

    tax: str
    components: tuple[str, ...]
    name: str = ""
    ppm: int | None = None


class Reason(NamedTuple):
    """Why an account is suggested: its ``name`` and ``type`` say so, it is likest, or it is the standard chart's."""

    kind: Literal["name", "likeness", "chart"]
    name: str = ""
    type: str = ""

    @property
    def sentence(self) -> str:
        """The reason for people, in the language of the page."""
        if self.kind == "name":
            words = _("Suggested by its name, “%(name)s”, and its type, %(type)s.")
            return words % {"name": self.name, "type": type_name(self.type)}
        if self.kind == "likeness":
            return _("Suggested, because nothing closer was found.")
        return _("The account of the standard chart.")


def type_name(type: str) -> str:
    """What a type of account is called, in the language of the page."""
    names = {
        "asset": pgettext("type of account", "asset"),
        "bank": pgettext("type of account", "bank"),
        "liability": pgettext("type of account", "liability"),
        "equity": pgettext("type of account", "equity"),
        "income": pgettext("type of account", "income"),
        "expense": pgettext("type of account", "expense"),
    }
    return names.get(type, type)


class Known(Struct, frozen=True, kw_only=True, dict=True):
    """A company's book (the saved one, or while there is none what we suggest) and what it may choose from.

    ``reasons``: role → why we suggest its account. ``used_roles`` and ``rates`` are what its sales really have,
    ``listed_rates`` the tax components that its sales system names.
    ``visible``: the fields that the partner shows, None for all. ``today`` is the business day; ``has_postings``
    whether anything is in the books; ``enabled`` whether syncs run by themselves now, ``paused`` whether they were
    switched off for failing too long.
    """

    company_id: UUID
    company_name: str
    book: Book
    version: int
    plan: Plan
    enabled: bool = False
    paused: bool = False
    last_success_on: date | None = None
    today: date
    options: tuple[Option, ...] = ()
    used_roles: tuple[str, ...] = ()
    rates: tuple[Rate, ...] = ()
    listed_rates: tuple[Rate, ...] = ()
    reasons: Mapping[str, Reason] = {}
    visible: frozenset[str] | None = None
    document_kinds: frozenset[str] = frozenset()
    base_currency: str = ""
    has_postings: bool = False

    @property
    def configured(self) -> bool:
        """Whether a book has been saved."""
        return self.version > 0

    @cached_property
    def fields(self) -> list[Field]:
        """Every field of the book."""
        return fields(self.book, self.used_roles)

    def of_kind(self, kind: str) -> list[Option]:
        """The options of one kind that can be chosen."""
        return self._by_kind.get(kind, [])

    @cached_property
    def _by_kind(self) -> dict[str, list[Option]]:
        found: dict[str, list[Option]] = {}
        for option in self.options:
            if option.active:
                found.setdefault(option.kind, []).append(option)
        return found

    def accounts_for(self, field: Field) -> list[Option]:
        """The accounts that fit ``field``, and the one that it has, if that can still be used.

        For gift cards that are used, the account of those that are sold comes first: the liability clears there.
        """
        chosen = account_of(self.book, field.role)
        currency = field.role.partition("@")[2] or self.book.currency
        fit = [
            option
            for option in self.of_kind("account")
            if option.id == chosen or (option.type in field.types and option.currency in (None, "", currency))
        ]
        if field.key == "prepaidPayment":
            sold = account_of(self.book, "gift_card")
            fit.sort(key=lambda option: option.id != sold)
        return fit

    def shows(self, field: Field) -> bool:
        """Whether the partner lets its merchants see ``field``; what must be chosen is always shown."""
        if self.visible is None or field.required:
            return True
        if field.named:
            return field.visible_key in self.visible
        return not account_of(self.book, field.role)

    def modes(self) -> list[Mode]:
        """How the accounting software can take the sales, and how it does now."""
        return [mode for mode, kinds in _KINDS.items() if kinds <= self.document_kinds or mode == self.book.mode]

    def all_rates(self) -> list[Rate]:
        """The rates in use, then those that the sales system lists, then those that only the book knows."""
        used = {rate.tax: rate for rate in self.rates}
        for rate in self.listed_rates:
            used.setdefault(rate.tax, rate)
        for code in self.book.tax_codes:
            used.setdefault(code.tax, Rate(code.tax, components_of(code.tax)))
        return [rate for rate in used.values() if is_name(rate.tax)]


def treatment_of(components: Iterable[str]) -> str:
    """The ledger's name of a tax treatment; see `ledger.rules.roles.treatment`."""
    return "+".join(sorted(components))


def components_of(tax: str) -> tuple[str, ...]:
    """The components of a treatment that nobody has listed; those of a single one may have a plus in their name."""
    parts = tuple(tax.split("+"))
    return parts if all(parts) and treatment_of(parts) == tax else (tax,)


def rate_keys(rates: Iterable[Rate]) -> dict[str, str]:
    """Published key → treatment: "20" for "20%", as published, unless something else is called "20"."""
    taxes = [rate.tax for rate in rates]
    keys = {}
    for tax in taxes:
        bare = tax.removesuffix("%")
        is_percentage = bare != tax and bare.replace(".", "", 1).isdigit()
        keys[bare if is_percentage and bare not in taxes else tax] = tax
    return keys
