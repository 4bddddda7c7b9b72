"""What stands in the way of a sync before anything is posted: the book against the accounting software as it is now."""

from __future__ import annotations

from datetime import date
from typing import Final

from commerce_sync.selectors import Keeping
from connectors.choices import choices, unavailable
from connectors.options import current_options
from connectors.platform import AccountingPlatform
from connectors.push_verdicts import Verdict
from connectors.session import CompanyFacts, Session
from ledger.services import now

SETTINGS: Final = "Open the company's settings and correct the mapping; the next sync catches up."
_MOST_CHARACTERS: Final = 500  # of a sentence that is kept


def obstacle(
    keeping: Keeping | None, platform: AccountingPlatform, session: Session, facts: CompanyFacts, through: date
) -> Verdict | None:
    """Why nothing can be posted, or None: another base currency, or something chosen that is gone or archived.

    ``through`` is the last day that is to be posted. Raises a `Failure`.
    """
    if keeping is None:
        return None
    if facts.base_currency and facts.base_currency != keeping.currency:
        words = f"The books are kept in {keeping.currency}, the accounting software in {facts.base_currency}."
        return Verdict("base_currency", words, SETTINGS, "merchant")
    chosen = choices(keeping, through)
    if platform.offers_all(session, chosen):
        return None
    found = unavailable(chosen, current_options(platform, session, now()))
    if not found:
        return None
    words = " ".join(each.sentence for each in found)
    if len(words) > _MOST_CHARACTERS:
        words = words[: _MOST_CHARACTERS - 1] + "…"
    return Verdict("choice_unavailable", words, SETTINGS, "merchant")
