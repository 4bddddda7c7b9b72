"""What went wrong, for a merchant who keeps no books: what happened, what to do, and on which page. In their language.

Every code of the catalogs is here (a test holds it): problems of records (`ledger.problems`), refusals and failures of
platforms (`connectors.errors`), verdicts of delivery, and what stands in the way of a sync.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from django.utils.translation import gettext_lazy as _

from commerce_sync.flow.facts import Facts, written

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Page = Literal["", "sales", "fees", "payments", "schedule", "commerce", "accounting"]


class Words(NamedTuple):
    """What happened, what to do, and the page where it is done ("": nowhere here)."""

    what: StrOrPromise
    todo: StrOrPromise
    page: Page = ""


class Told(NamedTuple):
    """The same with the facts of the case, in the language of the page."""

    what: str
    todo: str
    page: Page


_PARTNER: Final = _("Nothing for you to do: the people behind your sales system have to send it again.")
_SUPPORT: Final = _("Nothing for you to do: support looks at it.")
_WAIT: Final = _("Nothing to do: it goes on by itself.")
_CONNECT: Final = _("Connect it again.")

PROBLEMS: Final[dict[str, Words]] = {
    "malformed": Words(_("This entry of your sales system cannot be read."), _PARTNER),
    "unknown_word": Words(_("Your sales system uses the word “%(word)s”, which we do not know yet."), _SUPPORT),
    "unknown_currency": Words(_("This entry names no currency that exists."), _PARTNER),
    "not_exact": Words(_("The amount has more decimals than its currency has."), _PARTNER),
    "out_of_range": Words(_("The amount is too large to be right."), _PARTNER),
    "bad_time": Words(_("The time of this entry cannot be read."), _PARTNER),
    "lines_do_not_add_up": Words(
        _("The lines add up to %(found)s, but your sales system says %(stated)s."),
        _("Compare the order in your sales system. A missing surcharge, discount or tax is the usual cause."),
    ),
    "tenders_do_not_add_up": Words(
        _("The payments add up to %(found)s, but %(stated)s is owed."),
        _("Compare the payments of this order in your sales system."),
    ),
    "items_do_not_add_up": Words(_("The payout of %(stated)s does not equal its parts, %(found)s."), _SUPPORT),
    "taxes_unknown": Words(_("Your sales system did not say what tax is on “%(label)s”."), _PARTNER),
    "negative_tender": Words(_("A payment is negative, where a refund is expected."), _PARTNER),
    "negative_amount": Words(_("An amount that must not be negative is."), _PARTNER),
    "another_sale": Words(_("Another sale of your shop has the same number, %(id)s."), _SUPPORT),
    "refund_exceeds_original": Words(
        _("The refund of %(stated)s is more than the %(original)s that was sold."),
        _("Check the refund in your sales system."),
    ),
    "unmapped_role": Words(
        _("No account is chosen for “%(role)s”."), _("Choose an account for it; it is then posted."), "sales"
    ),
    "posted_to_suspense": Words(
        _("No account is chosen for “%(role)s”; %(amount)s waits on your suspense account."),
        _("Choose an account for it; what waits is then moved there."),
        "sales",
    ),
    "wrong_currency": Words(
        _("This was sold in %(currency)s, for which no accounts are chosen."),
        _("Choose accounts for that currency."),
        "payments",
    ),
    "rounding_over_cap": Words(_("Something other than rounding is missing on this day: %(found)s."), _SUPPORT),
    "no_tax_code": Words(
        _("No tax rate of your accounting software is chosen for the tax “%(tax)s”."), _("Choose one."), "sales"
    ),
    "held_by_neighbor": Words(
        _("It waits because another entry of the same day cannot be posted."),
        _("Solve the other one; the day is then posted whole."),
    ),
    "awaiting_payout": Words(_("It is posted with the payout that it belongs to, which has not arrived yet."), _WAIT),
    "before_start": Words(
        _("It happened before the first day that you keep."),
        _("Nothing, unless your first day is wrong."),
        "schedule",
    ),
    "original_unknown": Words(
        _("The sale that was refunded is not known; the refund was posted by itself, without tax."), _PARTNER
    ),
    "cost_unknown": Words(
        _("What “%(label)s” cost you is not known; its sale is booked, its cost is not."),
        _("Enter the cost in your sales system."),
    ),
    "date_moved": Words(
        _("Your books are closed through %(locked)s, so this was posted on %(posted)s."),
        _("Nothing, unless you want to open that period again."),
    ),
    "stock_low": Words(
        _("Of “%(name)s” %(on_hand)s are left at %(location)s; at %(threshold)s it is time to buy more."),
        _("Buy more; it is over as soon as there are more again."),
    ),
    "supplier_unknown": Words(
        _("“%(name)s” runs out, and it has not been said from whom it is bought."),
        _("Tell the people behind your sales system who supplies it."),
    ),
    "order_refused": Words(_("The purchase order %(reference)s was not taken by your accounting software."), _SUPPORT),
}
REFUSALS: Final[dict[str, Words]] = {
    "period_locked": Words(
        _("Your books are closed for this day."),
        _("Open the period in your accounting software, then try again."),
    ),
    "account_inactive": Words(
        _("An account that is used is archived in your accounting software."),
        _("Choose another account, or make it active again there."),
        "sales",
    ),
    "tax_rate_gone": Words(
        _("A tax rate that is used no longer exists in your accounting software."), _("Choose another."), "sales"
    ),
    "contact_gone": Words(
        _("The customer or supplier that is used no longer exists in your accounting software."),
        _("Choose another."),
        "sales",
    ),
    "duplicate": Words(_("Your accounting software has another document with this number."), _SUPPORT),
    "validation": Words(_("Your accounting software does not accept this document."), _SUPPORT),
    "not_found": Words(_("Something that this document needs is not in your accounting software."), _SUPPORT),
    "over_limit": Words(_("This document is larger than your accounting software takes."), _SUPPORT),
    "subscription_expired": Words(
        _("The subscription of your accounting software has ended."), _("Renew it; then everything is caught up.")
    ),
    "permission": Words(
        _("The user whose access is used may not do this in your accounting software."),
        _("Connect again as a user who may, or give that user the right."),
        "accounting",
    ),
}
FAILURES: Final[dict[str, Words]] = {
    "Waiting": Words(_("The other side asks us to come back later."), _WAIT),
    "UnknownOutcome": Words(_("No answer came in time. It is looked up before anything is sent again."), _WAIT),
    "Refused": Words(_("The other side understood us and said no."), _SUPPORT),
    "NotAuthorized": Words(_("The access to your software has ended."), _CONNECT, "accounting"),
    "BadCallback": Words(_("The connection was not completed."), _("Begin it again."), "accounting"),
    "PlatformDown": Words(_("The other side cannot be reached now. Nothing was written."), _WAIT),
    "BadAnswer": Words(_("The other side answered with something that cannot be used."), _SUPPORT),
    "CutAnswer": Words(_("The answer of the other side ended before it was complete."), _SUPPORT),
    "MisconfiguredPlatform": Words(_("Something is set wrongly on our side. Nothing was sent."), _SUPPORT),
    "NothingServed": Words(_("Nothing answers at the address of your sales system."), _CONNECT, "commerce"),
    "Undecided": Words(
        _("Your access reaches several organizations, and it has not been said which one is meant."),
        _("Choose the organization."),
        "accounting",
    ),
    "UnreadableCredential": Words(_("The stored access cannot be used."), _SUPPORT),
}
VERDICTS: Final[dict[str, Words]] = {
    "manual_only": Words(_("This document cannot be sent safely by itself."), _SUPPORT),
    "unknown_outcome": Words(_("It is not known yet whether this document has arrived."), _SUPPORT),
    "unusable_id": Words(_("Your accounting software answered with something that cannot be used."), _SUPPORT),
    "payment_stays": Words(_("A payment could not be taken back; both are reversed by new documents."), _WAIT),
    "void_waits": Words(_("Your accounting software has not taken everything back yet."), _WAIT),
    "void_elsewhere": Words(
        _("Documents that have to be taken back are in accounting software that is no longer connected."),
        _("Connect it again, or take them back there by hand."),
        "accounting",
    ),
    "inexact_reversal": Words(
        _("Taking this back would not leave your books as they were, so it was not done."), _SUPPORT
    ),
    "plan_changed": Words(
        _("Your books have changed since the plan was shown, so nothing was done."),
        _("Make a new plan and look at it."),
    ),
}
SYNCS: Final[dict[str, Words]] = {
    "base_currency": Words(_("Your books are now kept in another currency than when this was set up."), _SUPPORT),
    "choice_unavailable": Words(
        _("Something that is chosen is gone or archived in your accounting software."), _("Choose another."), "sales"
    ),
    "no_book": Words(_("It has not been said yet how your sales are kept."), _("Finish the set-up."), "sales"),
    "no_accounting": Words(_("No accounting software is connected."), _("Connect one."), "accounting"),
    "internal": Words(_("Something went wrong on our side, several times."), _SUPPORT),
}
CODES: Final[dict[int, StrOrPromise]] = {
    1000: _("Under way"),
    1010: _("Under way for over ten minutes"),
    2000: _("Done"),
    2040: _("Done: nothing new"),
    4000: _("Settings need you"),
    4040: _("The company was deleted"),
    4220: _("Access has ended"),
    4260: _("Subscription has ended"),
    5000: _("Went wrong on our side"),
    5080: _("Another sync was under way"),
    5120: _("Sales could not be fetched"),
    5130: _("Not everything could be delivered"),
}
ALL: Final = {**PROBLEMS, **FAILURES, **VERDICTS, **SYNCS, **REFUSALS}


def told(code: str, facts: Mapping[str, str | int], locale: str) -> Told | None:
    """What a code says with its ``facts`` (amounts in minor units beside a currency); None for an unknown one."""
    words = ALL.get(code)
    if words is None:
        return None
    known = Facts(written(facts, locale))
    return Told(str(words.what) % known, str(words.todo) % known, words.page)
