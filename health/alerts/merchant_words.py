"""What a merchant is told of a finding, in the merchant's language: what happened, and what the merchant can do.

Every kind whose turn may be the merchant's has its words here (a test holds it); problems of records have those of the
merchant's pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from commerce_sync.flow import problem_words
from commerce_sync.flow.facts import Facts, written
from commerce_sync.flow.problem_words import Told, Words
from health.models import Finding

if TYPE_CHECKING:
    from collections.abc import Mapping

COUNTS: Final = frozenset({"count", "rhythm", "usual"})  # whole numbers that are no amounts, beside a currency too

_LOOK_THERE: Final = _("Look at it there, and correct it if it was a mistake; we never overwrite what a person wrote.")
_ARCHIVED: Final = _("Choose another one in your settings, or make it active again in your accounting software.")
OTHER: Final = Words(_("Something about your books needs you."), _("Open your settings: they say what it is."))

WORDS: Final[Mapping[str, Words]] = {
    "clearing_aged": Words(
        _("Payments wait in “%(account)s” for a payout longer than usual."),
        _("Ask the payment platform where the payout is, or say in your settings that they are settled elsewhere."),
        "payments",
    ),
    "payout_late": Words(
        _("A payout of %(platform)s is late."), _("Look at %(platform)s whether your payouts are on hold."), "payments"
    ),
    "bank_missing": Words(
        _("The payout %(payout)s has not reached your bank."),
        _("Look at your bank statement. If it is not there, ask the payment platform."),
    ),
    "bank_differs": Words(
        _("For the payout %(payout)s your bank received another amount: %(received)s instead of %(stated)s."),
        _("Ask the payment platform about the difference. Usually the bank kept a charge."),
    ),
    "booked_twice": Words(
        _("Some of your sales seem to be in your books twice: %(entry)s looks like our %(reference)s."),
        _("Find out which other tool books these sales, switch it off, and void its entries."),
    ),
    "sources_overlap": Words(
        _("The same sales come from two systems: %(first)s and %(second)s."),
        _("Say in your settings which of the two keeps the sales, or disconnect the other."),
        "commerce",
    ),
    "document_edited": Words(_("%(reference)s was changed in your accounting software."), _LOOK_THERE),
    "document_removed": Words(
        _("%(reference)s was voided or deleted in your accounting software."),
        _("If that was a mistake, bring in its day again; if not, take the day back."),
    ),
    "document_redated": Words(
        _("%(reference)s was moved to another day in your accounting software."), _LOOK_THERE
    ),
    "account_archived": Words(
        _("The account %(account)s that you chose is archived in your accounting software."), _ARCHIVED, "sales"
    ),
    "tax_rate_archived": Words(
        _("The tax rate %(rate)s that you chose is archived in your accounting software."), _ARCHIVED, "sales"
    ),
    "contact_archived": Words(
        _("%(contact)s, whom you chose as customer or supplier, is archived in your accounting software."),
        _ARCHIVED,
        "sales",
    ),
    "connection_lost": Words(
        _("%(platform)s no longer lets us in. Your sales wait until you connect it again."),
        _("Connect %(platform)s again, on the page of connections."),
        "accounting",
    ),
    "connection_expiring": Words(
        _("The access to %(platform)s ends on %(day)s."),
        _("Log in at %(platform)s again before that, on the page of connections."),
        "accounting",
    ),
    "webhooks_off": Words(
        _("%(platform)s no longer tells us at once when something happens."),
        _("Switch its webhooks on again there. Nothing is lost meanwhile: we ask for what is new."),
    ),
    "day_without_sales": Words(
        _("No sales came for %(day)s."),
        _("If you were open, look whether your till has sent its sales. If you were closed, all is well."),
    ),
    "number_gap": Words(
        _("Numbers are missing among your sales, between %(first)s and %(last)s."),
        _("Look in your sales system whether these sales exist; if so, bring in the day again."),
    ),
}  # fmt: skip


def told(finding: Finding, locale: str) -> Told:
    """The finding in the language that is switched on; amounts as ``locale`` writes them."""
    facts = {
        name: str(fact) if name in COUNTS or not isinstance(fact, int) else fact for name, fact in finding.facts.items()
    }
    words = WORDS.get(finding.code)
    if words is None:
        return problem_words.told(finding.code, facts, locale) or Told(str(OTHER.what), str(OTHER.todo), OTHER.page)
    known = Facts(written(facts, locale))
    return Told(str(words.what) % known, str(words.todo) % known, words.page)
