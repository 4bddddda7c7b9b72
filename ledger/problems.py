"""Every reason a record cannot be posted, as data: a sentence, a remedy, whose turn it is.

A `Problem` is never raised. It travels beside the documents, is kept as a row, shown to the merchant and support in
the words of this catalog, and goes away by itself when a later version of the record, or of the book, cures it.
"""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from ledger.money import EXPONENTS, format_money

Detail = dict[str, str | int]
Turn = Literal["merchant", "partner", "support", "nobody"]
Severity = Literal["blocks", "notice"]


class Reason(Struct, frozen=True):
    """One entry of the catalog. ``sentence`` and ``remedy`` are `str.format` templates over the Problem's detail."""

    sentence: str
    remedy: str
    turn: Turn
    severity: Severity = "blocks"


class Problem(Struct, frozen=True, omit_defaults=True):
    """One reason, met by one record. ``path`` leads into the record ("$.lines[2].net"). ``detail`` holds the facts;
    amounts are minor units, and the ``currency`` beside them makes the sentences show them as money."""

    code: str
    record_kind: str = ""
    record_id: str = ""
    path: str = ""
    detail: Detail = {}

    @property
    def reason(self) -> Reason:
        """The catalog's entry; a KeyError here is a programming mistake that a test catches."""
        return CATALOG[self.code]

    @property
    def blocks(self) -> bool:
        """Whether the record stays out of the books because of this."""
        return self.reason.severity == "blocks"

    @property
    def sentence(self) -> str:
        """What happened, in plain words."""
        return self.reason.sentence.format_map(_facts(self.detail))

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return self.reason.remedy.format_map(_facts(self.detail))


class _Facts(dict[str, str | int]):
    """A missing fact shows as "?" instead of breaking the one message that explains a failure."""

    def __missing__(self, key: str) -> str:
        return "?"


def _facts(detail: Detail) -> _Facts:
    """The facts in words: beside a currency, whole numbers are amounts in its minor units."""
    currency = detail.get("currency")
    if currency not in EXPONENTS:
        return _Facts(detail)
    return _Facts(
        {name: format_money(fact, str(currency)) if isinstance(fact, int) else fact for name, fact in detail.items()}
    )


CATALOG: Final[dict[str, Reason]] = {
    # -- the record itself ------------------------------------------------------------------------------------
    "malformed": Reason(
        "The record does not have the published shape: {message}.",
        "Send it again with the field corrected; its neighbors were kept.",
        "partner",
    ),
    "unknown_word": Reason(
        "The word “{word}” is not one that we know for {field}.",
        "Tell support: the platform has a new value, and a mapping for it is needed.",
        "support",
    ),
    "unknown_currency": Reason(
        "“{currency}” is not a currency of ISO 4217.", "Send the record again with its currency.", "partner"
    ),
    "not_exact": Reason(
        "The amount {amount} has more decimals than {currency} has.",
        "Send amounts in whole minor units of their currency.",
        "partner",
    ),
    "out_of_range": Reason(
        "The amount {amount} is larger than any we book.", "Check the amount at the platform.", "partner"
    ),
    "bad_time": Reason("“{value}” is not a time that we can read.", "Send an ISO 8601 date and time.", "partner"),
    "lines_do_not_add_up": Reason(
        "The lines add up to {found}, the platform states {stated}: a difference of {difference}.",
        "Compare the order at the platform; a missing surcharge, discount or tax is the usual cause.",
        "partner",
    ),
    "tenders_do_not_add_up": Reason(
        "The payments add up to {found}, but {stated} is owed: a difference of {difference}.",
        "Compare the payments at the platform; send the order again when they are complete.",
        "partner",
    ),
    "items_do_not_add_up": Reason(
        "The payout's items add up to {found}, but {stated} was paid: a difference of {difference}.",
        "Pull the payout again; if the difference stays, the platform left a row out.",
        "support",
    ),
    "taxes_unknown": Reason(
        "The platform did not say what tax is on “{label}”.",
        "Send the order again with its taxes, or map the product as tax-free.",
        "partner",
    ),
    "negative_tender": Reason(
        "A payment of {amount} is negative; money going back is a refund of its own.",
        "Send the refund as a refund.",
        "partner",
    ),
    "negative_amount": Reason(
        "The amount {amount} of a {what} must not be negative.",
        "Check the record at the platform.",
        "partner",
    ),
    "another_sale": Reason(
        "Under the id {id} a sale of {was} is in the books; this one is of {now} and of another amount.",
        "If the shop was set up anew and counts from the beginning again, connect it as a new connection; else delete "
        "the former sale at the platform first.",
        "support",
    ),
    # -- the book ---------------------------------------------------------------------------------------------
    "unmapped_role": Reason(
        "No account is chosen for “{role}”.", "Choose an account for it in the settings.", "merchant"
    ),
    "posted_to_suspense": Reason(
        "No account is chosen for “{role}”; {amount} went to the suspense account {account}.",
        "Choose an account for it; the amounts already posted are then moved.",
        "merchant",
        "notice",
    ),
    "wrong_currency": Reason(
        "The record is in {currency}; this book has no accounts for that currency.",
        "Add clearing accounts for {currency}, or exclude the source.",
        "merchant",
    ),
    "rounding_over_cap": Reason(
        "Rounding of {found} is more than the {cap} that the book allows.",
        "Look at the records of that day: something other than rounding is missing.",
        "support",
    ),
    "no_tax_code": Reason(
        "The tax “{tax}” has no tax code in the accounting software for {day}.",
        "Choose a tax code for it in the settings.",
        "merchant",
    ),
    "held_by_neighbor": Reason(
        "Held back, because “{code}” keeps the whole group of {day} from being posted.",
        "Solve the neighbor's problem; the group is then posted whole.",
        "merchant",
    ),
    "before_start": Reason(
        "It happened on {day}, before the first day {start} that this book keeps.",
        "Nothing, unless the start date is wrong.",
        "nobody",
        "notice",
    ),
    "awaiting_payout": Reason(
        "It is posted with the payout that settles it, which has not arrived.",
        "Nothing: it is posted when the payout is known.",
        "nobody",
    ),
    # -- notices: posted, but somebody should look ------------------------------------------------------------
    "original_unknown": Reason(
        "The original order of this refund is not known; it was posted by itself, without tax.",
        "Send the order, if it exists; the tax part is then moved.",
        "partner",
        "notice",
    ),
    "refund_exceeds_original": Reason(
        "The refund of {stated} is more than the {original} that was sold; what is beyond was posted without tax.",
        "Check the refund at the platform: the part beyond the sale needs a reason of its own.",
        "merchant",
        "notice",
    ),
    "cost_unknown": Reason(
        "The cost of “{label}” is not known; its sale is booked, its cost is not.",
        "Enter the cost at the platform; it is booked with the next sync.",
        "merchant",
        "notice",
    ),
    "date_moved": Reason(
        "The books are closed through {locked}; what belongs to {day} was posted on {posted}.",
        "Nothing, unless the period should be opened again.",
        "nobody",
        "notice",
    ),
    # -- stock ------------------------------------------------------------------------------------------------
    "stock_low": Reason(
        "Of “{name}” {on_hand} are left at {location}; at {threshold} it is time to buy more.",
        "Buy more, or change the level in the rules of stock; it is over as soon as there are more again.",
        "merchant",
        "notice",
    ),
    "supplier_unknown": Reason(
        "“{name}” runs out, and nobody has said from whom it is bought: no purchase order is drafted.",
        "Choose a supplier for it in the rules of stock.",
        "merchant",
        "notice",
    ),
    "order_refused": Reason(
        "The purchase order {reference} was not taken by the accounting software: {said}",
        "{remedy} Then send it again.",
        "merchant",
        "notice",
    ),
}
