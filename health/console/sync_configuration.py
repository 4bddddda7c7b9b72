"""How a company's sales were kept when a sync ran: as rows in words, and whole, to be downloaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from commerce_sync.configuration.fields import account_of, fields
from commerce_sync.explain_documents import account_names
from commerce_sync.flow import policy_words
from commerce_sync.models import Sync
from ledger.book import Book
from ledger.models import BookVersion, Posting

SECTIONS = {"sales": "Sales", "payments": "Payments", "fees": "Fees"}


class Used(NamedTuple):
    """The version that a sync used. ``is_sure``: its postings name it; else it is the one that was in force then."""

    version: BookVersion
    is_sure: bool


def used_by(sync: Sync) -> Used | None:
    """The version of the mapping; None: the company had none yet."""
    versions = BookVersion.objects.filter(company_id=sync.company_id)
    posted = (
        Posting.objects.filter(act=sync.public_id).order_by("-id").values_list("book_version_id", flat=True).first()
    )
    if posted is not None:
        return Used(versions.get(pk=posted), is_sure=True)
    ended = sync.finished_at or sync.started_at
    before = versions.filter(created_at__lte=ended).order_by("-number").first()
    return Used(before, is_sure=False) if before is not None else None


def rows_of(book: Book, company_id: int) -> dict[str, list[tuple[str, str, str]]]:
    """Section → (what, account, its code or id) of everything that has an account."""
    names = account_names(company_id)
    found: dict[str, list[tuple[str, str, str]]] = {}
    for field in fields(book, ()):
        if account := account_of(book, field.role):
            row = (str(field.label), names.get(account, "an account that is not known any more"), account)
            found.setdefault(SECTIONS[field.section], []).append(row)
    found["Tax"] = [
        (code.tax, code.code, f"from {code.from_day:%d %b %Y}" if code.from_day.year > 1 else "")
        for code in book.tax_codes
    ]
    return {title: rows for title, rows in found.items() if rows}


def switches_of(book: Book) -> Iterator[tuple[str, str]]:
    """The switches of the book in words."""
    facts = msgspec.structs.asdict(book.policy)
    for name, label in policy_words.LABELS.items():
        if facts.get(name) is not None:
            yield str(label), policy_words.position(name, facts[name])


def as_file(sync: Sync, used: Used | None) -> dict[str, Any]:
    """What is downloaded: the sync, and the whole mapping as it is stored. No secret is in a mapping."""
    return {
        "sync": str(sync.public_id),
        "company": {"id": str(sync.company.public_id), "name": sync.company.name},
        "started_at": sync.started_at.isoformat(),
        "from_day": sync.from_day and sync.from_day.isoformat(),
        "through_day": sync.through_day and sync.through_day.isoformat(),
        "mapping": None
        if used is None
        else {
            "version": used.version.number,
            "named_by_postings": used.is_sure,
            "author": used.version.author,
            "reason": used.version.reason,
            "created_at": used.version.created_at.isoformat(),
            "book": msgspec.json.decode(bytes(used.version.body)),
        },
    }
