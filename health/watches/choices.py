"""What the books in force have chosen at the accounting software and cannot be used there any more: archived, or gone.

The same rules by which a configuration is saved and a sync begins (`connectors.choices`), for many companies at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Final, LiteralString

from msgspec import Struct

from connectors.choices import Choice, ChoiceKind, choices
from connectors.general_ledger.chart import CUSTOMER, SUPPLIER
from ledger import sql
from ledger.book import Book, decode_book


class Gone(Struct, frozen=True):
    """A choice that cannot be used: ``roles`` are what it was chosen for, ``name`` is what it was called."""

    company_id: int
    connection_id: int
    platform: str
    choice: Choice
    name: str
    archived: bool
    roles: tuple[str, ...]


_BOOKS: Final[LiteralString] = """
    SELECT link.company_id, link.id, link.platform, version.body FROM connectors_connection link
    JOIN LATERAL (SELECT body FROM ledger_bookversion WHERE company_id = link.company_id
                  ORDER BY number DESC LIMIT 1) version ON true
    WHERE link.company_id = ANY(%s) AND link.kind = 'accounting' AND link.status = 'Linked'
"""
# The built-in books are their own list of what can be chosen; other platforms' lists are kept as they were told last.
# Of a kind of which nothing at all is offered, nothing can be said, except of what documents were refused for.
_GONE: Final[LiteralString] = """
    SELECT chosen.link_id, chosen.kind, chosen.id, coalesce(option.name, account.name, rate.name, ''),
        coalesce(option.id, account.id, rate.id) IS NOT NULL
    FROM unnest(%(links)s::bigint[], %(ours)s::bool[], %(kinds)s::text[], %(ids)s::text[], %(named)s::bool[])
        AS chosen(link_id, is_ours, kind, id, is_named)
    LEFT JOIN connectors_option option ON option.connection_id = chosen.link_id
        AND option.kind = chosen.kind AND option.external_id = chosen.id
    LEFT JOIN books_account account ON chosen.is_ours AND chosen.kind = 'account'
        AND account.connection_id = chosen.link_id AND account.code = chosen.id
    LEFT JOIN books_tax_rate rate ON chosen.is_ours AND chosen.kind = 'tax_rate'
        AND rate.connection_id = chosen.link_id AND rate.code = chosen.id
    WHERE CASE WHEN NOT chosen.is_ours THEN option.active IS NOT TRUE
            WHEN chosen.kind = 'account' THEN account.id IS NULL OR account.archived_at IS NOT NULL
            WHEN chosen.kind = 'tax_rate' THEN rate.id IS NULL OR rate.archived_at IS NOT NULL
            ELSE chosen.id <> ALL(%(contacts)s) END
        AND (chosen.is_named OR CASE WHEN NOT chosen.is_ours THEN EXISTS (SELECT FROM connectors_option other
                    WHERE other.connection_id = chosen.link_id AND other.kind = chosen.kind)
                WHEN chosen.kind = 'account' THEN EXISTS (SELECT FROM books_account other
                    WHERE other.connection_id = chosen.link_id)
                WHEN chosen.kind = 'tax_rate' THEN EXISTS (SELECT FROM books_tax_rate other
                    WHERE other.connection_id = chosen.link_id)
                ELSE true END)
    ORDER BY chosen.link_id, chosen.kind, chosen.id
"""
OUR_BOOKS: Final = "books"


class Named(Struct, frozen=True):
    """Why documents were refused at a connection: because of this account; of a tax rate or contact it is not known
    which, only what was ``said``."""

    link_id: int
    kinds: tuple[ChoiceKind, ...]
    accounts: tuple[str, ...]
    said: str


def gone(company_ids: Sequence[int], on: date, named: Iterable[Named] = ()) -> list[Gone]:
    """The choices of these companies that cannot be used, tax codes as they are in force from ``on``; and those of what
    is ``named`` besides: documents that are made may name what no book has chosen any more."""
    links = {
        link_id: (company_id, platform, decode_book(bytes(body)))
        for company_id, link_id, platform, body in sql.rows(_BOOKS, (list(company_ids),))
    }
    wanted = {(link_id, *choice): False for link_id, (_, _, book) in links.items() for choice in choices(book, on)}
    for each in named:
        if each.link_id in links:
            wanted |= dict.fromkeys(_blamed(each, wanted), True)
    if not wanted:
        return []
    ids, kinds, names = (list(column) for column in zip(*wanted, strict=True))
    parameters = {
        "links": ids,
        "ours": [links[link_id][1] == OUR_BOOKS for link_id in ids],
        "kinds": kinds,
        "ids": names,
        "named": list(wanted.values()),
        "contacts": [CUSTOMER, SUPPLIER],
    }
    found = []
    for link_id, kind, identity, name, archived in sql.rows_named(_GONE, parameters):
        company_id, platform, book = links[link_id]
        roles = tuple(chosen_for(book, kind, identity))
        found.append(Gone(company_id, link_id, platform, Choice(kind, identity), name, archived, roles))
    return found


def _blamed(each: Named, wanted: Iterable[tuple[int, ChoiceKind, str]]) -> list[tuple[int, ChoiceKind, str]]:
    """What the refusal may be about: the accounts that all its documents name; of the other choices of the company
    those that the answer names, or all where it names none."""
    if "account" in each.kinds:
        return [(each.link_id, "account", account) for account in each.accounts]
    found = [choice for choice in wanted if choice[0] == each.link_id and choice[1] in each.kinds]
    return [choice for choice in found if choice[2] in each.said] or found


def chosen_for(book: Book, kind: ChoiceKind, identity: str) -> list[str]:
    """What ``book`` has chosen this for: roles, taxes, or whom documents name."""
    if kind == "account":
        roles = sorted(role for role, account in book.accounts.items() if account == identity)
        return [*roles, *(["suspense"] if book.suspense == identity else [])]
    if kind == "tax_rate":
        return sorted({code.tax for code in book.tax_codes if code.code == identity})
    return [kind]
