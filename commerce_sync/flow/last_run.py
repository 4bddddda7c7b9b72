"""Why the last sync stopped before anything was posted: as needs of the merchant, each with the page that mends it."""

from __future__ import annotations

from typing import Final

from commerce_sync.configuration.known import Known
from commerce_sync.configuration.rules import failures
from commerce_sync.configuration.state import known_of, links_of
from commerce_sync.flow import problem_words
from commerce_sync.flow.merchant import Merchant
from commerce_sync.flow.needs import Need
from commerce_sync.flow.problem_words import Page
from commerce_sync.models import Sync
from ledger.book import Book

CHOICE: Final = "choice_unavailable"
_PAGES: Final[tuple[tuple[str, Page], ...]] = (
    ("configuration.sales", "sales"),
    ("configuration.fees", "fees"),
    ("configuration.payments", "payments"),
)


def stopped(merchant: Merchant, sync: Sync | None) -> list[Need]:
    """What kept ``sync`` (ended, or None) from posting anything, as it stands now.

    Choices that are gone are named one by one; what has been mended since is not told any more.
    """
    if sync is None or not sync.failure_code:
        return []
    if sync.failure_code == CHOICE:
        return broken_choices(merchant)
    told = problem_words.told(sync.failure_code, {}, merchant.locale)
    what, todo, page = told or (sync.failure_sentence, sync.failure_remedy, "")
    return [Need(sync.failure_code, 1, what, todo, page, blocks=True)]


def broken_choices(merchant: Merchant) -> list[Need]:
    """What keeps the choices that are in force from being used at the accounting software as it is known now."""
    known = known_of(merchant.company, links_of(merchant.company))
    return broken_in(known.book, known)


def broken_in(book: Book, known: Known) -> list[Need]:
    """The same of the choices of ``book``, which may not be in force yet. Pure."""
    return [Need(CHOICE, 1, sentence, "", _page_of(path), blocks=True) for path, sentence in failures(book, known)]


def _page_of(path: str) -> Page:
    """The stage on which a published field is chosen."""
    return next((page for prefix, page in _PAGES if path.startswith(prefix)), "schedule")
