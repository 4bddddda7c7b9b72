"""What the switches of a book are called on the pages, and what each of their positions is. Pure."""

from __future__ import annotations

from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commerce_sync.flow.keeping import LINES, SPLITS

LABELS: Final[dict[str, Any]] = {
    "sales_by": gettext_lazy("One line for each"),
    "group_by": gettext_lazy("A document of its own for each"),
    "draft_invoices": gettext_lazy("Invoices arrive as drafts"),
    "discounts": gettext_lazy("Discounts"),
    "unmapped": gettext_lazy("What has no account"),
    "on_problem": gettext_lazy("When one sale is not right"),
    "fees_from": gettext_lazy("Payment fees"),
    "voucher": gettext_lazy("Tax on gift cards"),
    "recognize": gettext_lazy("A sale counts from"),
    "open_orders": gettext_lazy("Orders not yet paid or sent"),
    "disputes": gettext_lazy("Disputed payments"),
    "marketplace_tax": gettext_lazy("Tax that marketplaces pay"),
    "expired_cards": gettext_lazy("Expired gift cards"),
    "cost": gettext_lazy("Cost of goods"),
    "shrinkage": gettext_lazy("Lost goods"),
    "late_changes": gettext_lazy("Late corrections"),
    "record_tolerance": gettext_lazy("Difference allowed within a sale"),
    "rounding_cap": gettext_lazy("Most rounding of a day"),
    "tender_grace_minutes": gettext_lazy("Minutes until a payment counts as late"),
}
_POSITIONS: Final[dict[tuple[str, str], Any]] = {
    ("discounts", "separate"): gettext_lazy("On an account of their own"),
    ("discounts", "net"): gettext_lazy("Taken off the sales"),
    ("unmapped", "suspense"): gettext_lazy("Goes to the suspense account"),
    ("unmapped", "hold"): gettext_lazy("Holds the day back"),
    ("on_problem", "exclude"): gettext_lazy("It alone stays out"),
    ("on_problem", "hold"): gettext_lazy("The day is held back"),
    ("fees_from", "records"): gettext_lazy("Kept, as they are charged"),
    ("fees_from", "payouts"): gettext_lazy("Kept, as payouts state them"),
    ("fees_from", "none"): gettext_lazy("Not kept"),
    ("voucher", "multi_purpose"): gettext_lazy("When the card is used"),
    ("voucher", "single_purpose"): gettext_lazy("When the card is sold"),
    ("recognize", "payment"): gettext_lazy("The payment"),
    ("recognize", "fulfillment"): gettext_lazy("The delivery"),
    ("open_orders", "deposit"): gettext_lazy("Kept as deposits"),
    ("open_orders", "receivable"): gettext_lazy("Kept as owed by customers"),
    ("disputes", "receivable"): gettext_lazy("Kept as owed until they are decided"),
    ("disputes", "sales_return"): gettext_lazy("Kept as refunds"),
    ("marketplace_tax", "exclude"): gettext_lazy("Left out"),
    ("marketplace_tax", "in_and_out"): gettext_lazy("In and out again"),
    ("expired_cards", "breakage"): gettext_lazy("Become income"),
    ("expired_cards", "keep"): gettext_lazy("Stay owed"),
    ("late_changes", "original_day"): gettext_lazy("On the day of the sale"),
    ("late_changes", "first_open_day"): gettext_lazy("On the last day of the sync"),
}


def position(switch: str, value: Any) -> str:
    """What a position of ``switch`` is called."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if switch == "sales_by":
        return str(LINES[value])
    if switch == "group_by":
        return ", ".join(str(SPLITS[split]) for split in value) or _("One for all")
    return str(_POSITIONS.get((switch, str(value)), value))


def is_of_fees(switch: str) -> bool:
    """Whether the switch is one of the stage of fees."""
    return switch in ("fees_from", "disputes")
