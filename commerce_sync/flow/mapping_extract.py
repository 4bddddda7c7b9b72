"""The mapping in force as rows: which account each thing goes to, tax codes, and whom it is sold to and bought from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.translation import gettext as _

from commerce_sync.configuration.fields import SUSPENSE, account_of, fields
from commerce_sync.configuration.state import links_of
from commerce_sync.flow.extracts import Asked
from commerce_sync.flow.files import Column, Row
from connectors.options import options_of
from connectors.session import Option
from ledger.book import Book

MAPPING: Final = (
    Column("section", is_ours=True),
    Column("key"),
    Column("what"),
    Column("chosen_id"),
    Column("chosen_code"),
    Column("chosen_name"),
    Column("chosen_type", is_ours=True),
    Column("from_day", is_ours=True),
)


def mapping(asked: Asked) -> Iterator[list[Row]]:
    """The mapping as it is now, whatever range is asked for; nothing while none is in force."""
    version = asked.company.book_versions.order_by("-number").first()
    books = links_of(asked.company).books
    options = {(each.kind, each.id): each for each in (options_of(books) if books is not None else ())}
    return iter([list(_rows(version.book, options)) if version is not None else []])


def _rows(book: Book, options: dict[tuple[str, str], Option]) -> Iterator[Row]:
    for field in fields(book, ()):
        account = account_of(book, field.role)
        if account or field.role == SUSPENSE:
            yield (field.section, field.key, _(field.label), *_chosen(options, "account", account), None)
    for code in book.tax_codes:
        day = code.from_day.isoformat() if code.from_day.year > 1 else None
        yield ("tax_codes", code.tax, code.tax, *_chosen(options, "tax_rate", code.code), day)
    for kind, words, chosen in (("customer", _("Customer"), book.customer), ("supplier", _("Supplier"), book.supplier)):
        if chosen:
            yield ("parties", kind, words, *_chosen(options, kind, chosen), None)


def _chosen(options: dict[tuple[str, str], Option], kind: str, chosen: str) -> tuple[str, str, str, str]:
    option = options.get((kind, chosen))
    return (chosen, option.code, option.name, option.type) if option is not None else (chosen, "", "", "")
