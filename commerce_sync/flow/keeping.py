"""How sales are put together: the mode, what makes a document and a line of its own, the customer; and their tax rates.
What a form of the sales stage says of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final, Literal, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from msgspec import structs

from commerce_sync.configuration.changing import with_tax_code
from commerce_sync.configuration.known import WITH_CUSTOMER, WITH_TAX_RATES, Known, Rate
from commerce_sync.flow.choosing import label_of, resolve
from ledger.book import Book, Mode, Policy

MODES: Final[dict[Mode, tuple[Any, Any]]] = {
    "journal": (
        gettext_lazy("One journal a day"),
        gettext_lazy("A single entry with the day’s sales, taxes and payments. Short, and what most shops choose."),
    ),
    "invoice": (
        gettext_lazy("One invoice a day"),
        gettext_lazy("A sales invoice with its payments, a credit note for refunds, a bill for fees."),
    ),
    "per_order": (
        gettext_lazy("An invoice for every order"),
        gettext_lazy("For few and large orders, or where customers must be named in the books."),
    ),
    "per_payout": (
        gettext_lazy("One entry for every payout"),
        gettext_lazy("Each entry equals the amount that arrives in your bank account."),
    ),
}
LINES: Final = {
    "": gettext_lazy("All sales together"),
    "category": gettext_lazy("Product category"),
    "sku": gettext_lazy("Product (SKU)"),
    "location": gettext_lazy("Location"),
    "channel": gettext_lazy("Sales channel"),
}
SPLITS: Final[dict[Literal["location", "channel"], Any]] = {
    "location": gettext_lazy("Location"),
    "channel": gettext_lazy("Sales channel"),
}
CUSTOMER: Final = "customer"


class RateEntry(NamedTuple):
    """A tax rate of the sales, and what is chosen for it."""

    name: str
    label: str
    ppm: int | None
    chosen: str
    from_name: str
    from_day: str
    problem: str


class Kept(NamedTuple):
    """What a form says: the book with it, and (form name → problem) of what cannot be taken."""

    book: Book
    problems: dict[str, str]


def rate_entries(known: Known, said: Mapping[str, str] | None, problems: Mapping[str, str]) -> list[RateEntry]:
    """The tax rates of the sales, where the mode names them on its documents."""
    if (said or {}).get("mode", known.book.mode) not in WITH_TAX_RATES:
        return []
    found = []
    for index, rate in enumerate(known.all_rates()):
        name, from_name = f"tax:{index}", f"tax-from:{index}"
        chosen, from_day = known.book.tax_code(rate.tax, known.today), ""
        if said is not None:
            chosen, from_day = said.get(name, chosen), said.get(from_name, "")
        label = rate.name or rate.tax
        found.append(RateEntry(name, label, rate.ppm, chosen, from_name, from_day, problems.get(name, "")))
    return found


def kept(known: Known, book: Book, said: Mapping[str, str]) -> Kept:
    """``book`` with how a form wants sales put together, and their tax rates."""
    problems: dict[str, str] = {}
    mode = said.get("mode", book.mode)
    if mode not in known.modes():
        problems["mode"] = _("Your accounting software cannot take sales this way. Choose another.")
    else:
        book = structs.replace(book, mode=mode)
    book = structs.replace(book, policy=_policy(book.policy, said, problems))
    customer = resolve(said.get(CUSTOMER, book.customer), known.of_kind("customer"))
    if customer is None and said.get(CUSTOMER) != book.customer:
        problems[CUSTOMER] = _("Choose one of the list.")
    elif customer is not None:
        book = structs.replace(book, customer=customer)
    return Kept(_with_tax_codes(known, book, said, problems), problems)


def customers(known: Known) -> list[tuple[str, str]]:
    """Whom sales may be invoiced to; the one that is chosen among them even where the software lists none."""
    found = [(option.id, label_of(option)) for option in known.of_kind("customer")]
    chosen = known.book.customer
    return found if not chosen or chosen in dict(found) else [(chosen, chosen), *found]


def wants_customer(known: Known, mode: str) -> bool:
    """Whether a customer is asked for."""
    return mode in WITH_CUSTOMER or bool(known.of_kind("customer"))


def _policy(policy: Policy, said: Mapping[str, str], problems: dict[str, str]) -> Policy:
    lines = said.get("lines", policy.sales_by)
    if lines not in LINES:
        problems["lines"] = _("Choose one of the list.")
        lines = policy.sales_by
    splits = policy.group_by
    if "grouped" in said:  # check boxes that are not ticked are not sent
        splits = tuple(split for split in SPLITS if f"split:{split}" in said)
    status = said.get("status", "draft" if policy.draft_invoices else "submitted")
    return structs.replace(policy, sales_by=lines, group_by=splits, draft_invoices=status == "draft")


def _with_tax_codes(known: Known, book: Book, said: Mapping[str, str], problems: dict[str, str]) -> Book:
    if book.mode not in WITH_TAX_RATES:
        return book
    for index, rate in enumerate(known.all_rates()):
        name = f"tax:{index}"
        if name not in said:
            continue
        code = resolve(said[name], known.of_kind("tax_rate"))
        if code is None:
            problems[name] = _("Choose one of the list.")
        else:
            book = _with_code(known, book, rate, code, said.get(f"tax-from:{index}", "").strip(), name, problems)
    return book


def _with_code(
    known: Known, book: Book, rate: Rate, code: str, from_said: str, name: str, problems: dict[str, str]
) -> Book:
    if code == book.tax_code(rate.tax, known.today) and not from_said:
        return book
    from_day = None
    if from_said:
        try:
            from_day = date.fromisoformat(from_said)
        except ValueError:
            problems[name] = _("“%(said)s” is no date. Write it as 2026-03-01.") % {"said": from_said[:40]}
            return book
    return structs.replace(book, tax_codes=with_tax_code(book.tax_codes, rate.tax, code, known.today, from_day))
