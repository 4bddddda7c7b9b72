"""Who changed the settings, in words. Pure."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _

MERCHANT: Final = "merchant"


def who(author: str, brand_name: str) -> str:
    """The merchants themselves; else the people behind the product: their names are no matter of the merchant's."""
    return _("You, on these pages") if author == MERCHANT else brand_name
