"""Who changed the settings and why, in words. Pure."""

from __future__ import annotations

from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

MERCHANT: Final = "merchant"
# What is kept with a version when nobody says why: English, as support reads it; merchants read it in their language.
SET_UP: Final = gettext_noop("Set-up")
CHANGED: Final = gettext_noop("Changed in the settings")
GOING_ON: Final = gettext_noop("Going on from another day")
_OURS: Final = frozenset({SET_UP, CHANGED, GOING_ON, gettext_noop("rules of stock")})


def who(author: str, brand_name: str) -> str:
    """The merchants themselves; else the people behind the product: their names are no matter of the merchant's."""
    return _("You, on these pages") if author == MERCHANT else brand_name


def why(reason: str) -> str:
    """The reason that is kept with a version: ours in the language of the page, anybody else's as it was written."""
    return _(reason) if reason in _OURS else reason
