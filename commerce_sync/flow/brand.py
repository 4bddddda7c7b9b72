"""The partner's colors on our pages. Pure.

A partner's color is used as it is where nothing has to be read against it; where text stands on it, the text is black
or white, whichever reads better; where it is itself text, it is moved towards black, in the dark towards white, until
it reads.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Protocol

from commerce_sync.contrast import contrast_of, is_color, ratio

PAPER: Final = "#ffffff"
NIGHT: Final = "#1b212b"
READABLE: Final = Decimal("4.5")  # WCAG 2.2, 1.4.3


class Colors(Protocol):
    """What of a branding is color: ``#rrggbb``, or empty for our own."""

    @property
    def primary_color(self) -> str: ...
    @property
    def secondary_color(self) -> str: ...


def stylesheet(colors: Colors) -> str:
    """The custom properties that the pages take a brand from; empty for our own look."""
    primary, secondary = (each if is_color(each) else "" for each in (colors.primary_color, colors.secondary_color))
    light, dark = _properties(primary, secondary, PAPER), _properties(primary, secondary, NIGHT)
    if not light:
        return ""
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def readable_on(color: str, paper: str) -> str:
    """``color``, moved away from ``paper`` until text of it can be read there."""
    towards = contrast_of(paper).text
    found = color
    for share in range(0, 101, 5):
        found = _mixed(color, towards, share)
        if ratio(found, paper) >= READABLE:
            break
    return found


def _properties(primary: str, secondary: str, paper: str) -> str:
    found = ""
    if primary:
        shown = readable_on(primary, paper)
        found += f"--action:{shown};--on-action:{contrast_of(shown).text};"
    if secondary:
        found += f"--accent:{secondary};--on-accent:{contrast_of(secondary).text};"
    return found


def _mixed(color: str, other: str, share: int) -> str:
    """``color`` with ``share`` percent of ``other``."""
    pairs = [(int(color[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{(one * (100 - share) + two * share) // 100:02x}" for one, two in pairs)
