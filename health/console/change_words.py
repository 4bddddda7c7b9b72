"""Entries of the audit trail as changes that people read: what was changed, and how it was before and after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, LiteralString, NamedTuple

from commerce_sync.flow.differences import Difference, differences, names_of
from connectors.session import Option
from ledger import sql
from ledger.models import AuditEntry, BookVersion

MOST_DIFFERENCES: Final = 30  # of one change
LONGEST: Final = 200  # characters of a value


class ChangeKind(NamedTuple):
    """One kind of change: its words, and how the codes of its entries begin."""

    words: str
    prefixes: tuple[str, ...]


KINDS: Final[dict[str, ChangeKind]] = {
    "mapping": ChangeKind("Mapping", ("book.", "stock.", "days.", "account.", "books.")),
    "schedule": ChangeKind("Schedule, pauses and syncs asked for", ("schedule.", "sync.", "console.")),
    "connections": ChangeKind("Connections", ("connection.",)),
    "branding": ChangeKind("Branding and texts", ("branding.", "brand_", "flow_texts.", "visible_", "origin.")),
    "keys": ChangeKind("API keys", ("api_key.",)),
    "webhooks": ChangeKind("Webhooks", ("webhook.",)),
    "alerts": ChangeKind("Alerts", ("alert", "contact.")),
    "company": ChangeKind("Companies and partners", ("company.", "partner.")),
    "people": ChangeKind("People and looks as merchant", ("member.", "view.")),
}
_WORDS: Final = {
    "book.changed": "Mapping changed",
    "schedule.changed": "Schedule changed",
    "sync.requested": "Sync asked for",
    "sync.paused": "Paused",
    "sync.resumed": "Resumed",
    "sync.undo_requested": "Undo asked for",
    "sync.undone": "Undone",
    "sync.redone": "Brought back",
    "api_key.created": "API key made",
    "api_key.rotated": "API key rotated",
    "api_key.revoked": "API key revoked",
    "view.began": "Merchant’s pages looked at",
    "view.ended": "Look at the merchant’s pages ended",
}


_NAMED: Final[LiteralString] = """
    SELECT link.company_id, 'account', account.code, account.name, account.code
    FROM connectors_connection link JOIN books_account account ON account.connection_id = link.id
    WHERE link.company_id = ANY(%s) AND account.code = ANY(%s)
    UNION ALL
    SELECT link.company_id, option.kind, option.external_id, option.name, option.code
    FROM connectors_connection link JOIN connectors_option option ON option.connection_id = link.id
    WHERE link.company_id = ANY(%s) AND option.external_id = ANY(%s)
"""


class Told(NamedTuple):
    """One change for the page."""

    entry: AuditEntry
    words: str
    why: str
    changes: Sequence[tuple[str, str, str]]
    further: int


def told_of(entries: Sequence[AuditEntry]) -> list[Told]:
    """The changes in words, with what was different; a constant number of statements."""
    books = _books(entries)
    names = _names(books.values())
    return [_told(entry, books, names) for entry in entries]


def _told(entry: AuditEntry, books: dict[tuple[int, int], BookVersion], names: dict[int, list[Option]]) -> Told:
    detail = dict(entry.detail)
    why = str(detail.pop("why", "") or detail.pop("reason", ""))
    found: list[tuple[str, str, str]] = []
    number = _number(entry)
    if entry.code == "book.changed" and number is not None and entry.company_id is not None:
        detail.pop("fields", None)
        found = _of_book(entry.company_id, number, books, names.get(entry.company_id, []))
    changed = detail.pop("changes", None)
    if isinstance(changed, dict):  # field → before and after; how the rest stands is no change
        detail = {name: value for name, value in detail.items() if name not in ("enabled", *changed)}
        found += [(name.replace("_", " "), *_both(value)) for name, value in sorted(changed.items())]
    found += [(str(name).replace("_", " "), "", _short(value)) for name, value in sorted(detail.items())]
    words = _WORDS.get(entry.code) or entry.code.replace("_", " ").replace(".", ": ").capitalize()
    return Told(entry, words, why, found[:MOST_DIFFERENCES], max(len(found) - MOST_DIFFERENCES, 0))


def _of_book(
    company_id: int, number: int, books: dict[tuple[int, int], BookVersion], options: list[Option]
) -> list[tuple[str, str, str]]:
    after, before = books.get((company_id, number)), books.get((company_id, number - 1))
    if after is None or before is None:
        return []
    rows: list[Difference] = differences(before.book, after.book, names_of(options, (), {}))
    return [(row.label, _short(row.before), _short(row.after)) for row in rows]


def _books(entries: Iterable[AuditEntry]) -> dict[tuple[int, int], BookVersion]:
    """The versions that the entries tell of, and those before them."""
    wanted = [
        (entry.company_id, number)
        for entry in entries
        if entry.code == "book.changed" and entry.company_id is not None and (number := _number(entry)) is not None
    ]
    if not wanted:
        return {}
    companies = {company for company, _ in wanted}
    numbers = {each for _, number in wanted for each in (number, number - 1)}
    rows = BookVersion.objects.filter(company_id__in=companies, number__in=numbers)
    keys = {(company, each) for company, number in wanted for each in (number, number - 1)}
    return {key: row for row in rows if (key := (row.company_id, row.number)) in keys}


def _number(entry: AuditEntry) -> int | None:
    text = entry.subject.removeprefix("version ")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else None


def _names(books: Iterable[BookVersion]) -> dict[int, list[Option]]:
    """Company → what that is called which its books choose, and nothing else of its chart."""
    wanted: dict[int, set[str]] = {}
    for row in books:
        book = row.book
        chosen = {*book.accounts.values(), book.suspense, book.customer, book.supplier}
        wanted.setdefault(row.company_id, set()).update(chosen, (code.code for code in book.tax_codes))
    ids = {each for chosen in wanted.values() for each in chosen if each}
    if not ids:
        return {}
    rows = sql.rows(_NAMED, (list(wanted), list(ids), list(wanted), list(ids)))
    found: dict[int, list[Option]] = {}
    for company_id, kind, external_id, name, code in rows:
        if external_id in wanted[company_id]:
            found.setdefault(company_id, []).append(Option(kind, external_id, name, code))
    return found


def _both(value: Any) -> tuple[str, str]:
    before, after = value if isinstance(value, list) and len(value) == 2 else ("", value)
    return _short(before), _short(after)


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = ", ".join(str(each) for each in value) if isinstance(value, list) else str("" if value is None else value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
