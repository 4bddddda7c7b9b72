"""The form of a whole mapping: everything that a book chooses, and the book that a form says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple, get_args, get_origin, get_type_hints

from msgspec import structs

from commerce_sync.configuration.fields import Section
from commerce_sync.configuration.known import Known
from commerce_sync.configuration.rules import rate_path
from commerce_sync.flow import keeping
from commerce_sync.flow.choosing import Entries, by_form_name, entries, label_of, picked, resolve
from commerce_sync.flow.policy_words import LABELS, position
from ledger.book import Book, Policy

SECTIONS: Final[dict[Section, str]] = {"sales": "Sales", "payments": "Payments", "fees": "Fees"}
SUPPLIER: Final = "supplier"
# Chosen by fields of their own; what has no account follows the suspense account.
_ELSEWHERE: Final = frozenset({"sales_by", "group_by", "draft_invoices", "unmapped"})
MOST: Final = 10_000_000  # of a number of the policy
_PATHS: Final = {
    "configuration.sales.salesCustomer.selectedCustomerId": keeping.CUSTOMER,
    "configuration.sales.invoiceStatus.selectedInvoiceStatus": "status",
    "configuration.fees.feesSupplier.selectedSupplierId": SUPPLIER,
    "configuration": "mode",
}


class Chosen(NamedTuple):
    """The book that a form says, and (form name → problem) of what cannot be taken."""

    book: Book
    problems: dict[str, str]


class Switch(NamedTuple):
    """One switch of the policy. ``positions`` are (value, words); empty: it is a number."""

    name: str
    label: str
    value: str
    positions: list[tuple[str, str]]
    problem: str


def chosen(known: Known, said: Mapping[str, str]) -> Chosen:
    """What a form says; what is not in the form stays as it is in the book of ``known``."""
    book, problems = known.book, dict[str, str]()
    for section in SECTIONS:
        found = picked(structs.replace(known, book=book), section, said)
        book, problems = found.book, problems | found.problems
    kept = keeping.kept(structs.replace(known, book=book), book, said)
    book, problems = kept.book, problems | kept.problems
    supplier = resolve(said.get(SUPPLIER, book.supplier), known.of_kind("supplier"))
    if supplier is not None:
        book = structs.replace(book, supplier=supplier)
    elif said.get(SUPPLIER) != book.supplier:
        problems[SUPPLIER] = "Choose one of the list."
    policy = _policy(book.policy, said, problems)
    return Chosen(structs.replace(book, policy=policy), problems)


def by_field(known: Known, failures: list[tuple[str, str]]) -> tuple[dict[str, str], list[str]]:
    """What keeps a book from being in force, by the field of the form; and the sentences of what has no field."""
    named: dict[str, str] = {}
    for section in SECTIONS:
        named |= by_form_name(known, section, failures)
    rates = {rate_path(rate, known): f"tax:{index}" for index, rate in enumerate(known.all_rates())}
    named |= {(_PATHS | rates)[path]: sentence for path, sentence in failures if path in _PATHS | rates}
    told = set(named.values())
    return named, [sentence for _, sentence in failures if sentence not in told]


def form_of(known: Known, said: Mapping[str, str] | None, problems: Mapping[str, str]) -> dict[str, Any]:
    """What the form shows: the book of ``known``, or what was ``said`` of it."""
    book, policy = known.book, known.book.policy
    shown = said or {}
    mode = shown.get("mode", book.mode)
    ticked = {split for split in keeping.SPLITS if f"split:{split}" in shown} if said else set(policy.group_by)
    return {
        "sections": [(words, _entries(known, section, said, problems)) for section, words in SECTIONS.items()],
        "modes": [(key, keeping.MODES[key][0], key == mode) for key in known.modes()],
        "customers": _with_lost(keeping.customers(known), shown.get(keeping.CUSTOMER, book.customer)),
        "customer": shown.get(keeping.CUSTOMER, book.customer),
        "suppliers": _with_lost(
            [(each.id, label_of(each)) for each in known.of_kind("supplier")], shown.get(SUPPLIER, book.supplier)
        ),
        "supplier": shown.get(SUPPLIER, book.supplier),
        "rates": keeping.rate_entries(known, said, problems),
        "rate_options": [(each.id, label_of(each)) for each in known.of_kind("tax_rate")],
        "lines": [(key, words, shown.get("lines", policy.sales_by) == key) for key, words in keeping.LINES.items()],
        "splits": [(key, words, key in ticked) for key, words in keeping.SPLITS.items()],
        "status": shown.get("status", "draft" if policy.draft_invoices else "submitted"),
        "switches": _switches(policy, shown, problems),
        "problems": problems,
    }


def _entries(known: Known, section: Section, said: Mapping[str, str] | None, problems: Mapping[str, str]) -> Entries:
    """The accounts of a section; what is chosen and cannot be any more stays to be seen."""
    found = entries(known, section, {}, known.book, said, problems)

    def with_lost(rows: list[Any]) -> list[Any]:
        return [row if row.listed else row._replace(options=_with_lost(row.options, row.chosen)) for row in rows]

    return found._replace(plain=with_lost(found.plain), further=with_lost(found.further))


def _with_lost(options: Any, chosen_id: str) -> list[tuple[str, str]]:
    rows = list(options)
    lost = chosen_id and chosen_id not in dict(rows)
    return [*rows, (chosen_id, f"{chosen_id} (archived, or gone)")] if lost else rows


def _hints() -> dict[str, Any]:
    return {name: hint for name, hint in get_type_hints(Policy).items() if name not in _ELSEWHERE}


def _switches(policy: Policy, said: Mapping[str, str], problems: Mapping[str, str]) -> list[Switch]:
    found = []
    for name, hint in _hints().items():
        field = f"switch:{name}"
        value = said.get(field, _text(getattr(policy, name)))
        positions = [(_text(each), position(name, each)) for each in _values(hint)]
        found.append(Switch(field, str(LABELS[name]), value, positions, problems.get(field, "")))
    return found


def _policy(policy: Policy, said: Mapping[str, str], problems: dict[str, str]) -> Policy:
    changes: dict[str, Any] = {}
    for name, hint in _hints().items():
        text = said.get(f"switch:{name}")
        if text is None:
            continue
        by_text = {_text(each): each for each in _values(hint)}
        if by_text and text in by_text:
            changes[name] = by_text[text]
        elif not by_text and text.isascii() and text.isdigit() and int(text) <= MOST:
            changes[name] = int(text)
        else:
            problems[f"switch:{name}"] = "Choose one of the list." if by_text else "Write a whole number."
    return structs.replace(policy, **changes)


def _values(hint: Any) -> tuple[Any, ...]:
    """The positions of a switch; none of a number."""
    if hint is bool:
        return (False, True)
    return get_args(hint) if get_origin(hint) is Literal else ()


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
