"""The partner's colors on our pages. Pure.

A partner's color is used as it is where nothing has to be read against it; where text stands on it, the text is black
or white, whichever reads better; where it is itself text, it is moved towards black, in the dark towards white, until
it reads on everything that it may stand on.

The second color is a line, an ornament: what it marks is also said in words, by weight or by a sign, so it needs no
contrast (WCAG 2.2, 1.4.11) and is the partner's own, unchanged.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, Literal, Protocol

from commerce_sync.contrast import contrast_of, is_color, ratio

# What text in the color of action stands on, in the light and in the dark: papers of flow.css, which a test compares.
PAPERS: Final = ("#ffffff", "#f5f6f8", "#eceff3", "#e6f4ec", "#fdecea", "#fff4de")
NIGHTS: Final = ("#12161d", "#1b212b", "#262e3a", "#14301f", "#3b1714", "#35270c")
READABLE: Final = Decimal("4.5")  # WCAG 2.2, 1.4.3
OURS: Final = "0"  # in the name of a style sheet: our own color
Scheme = Literal["", "light", "dark"]


class Colors(Protocol):
    """What of a branding is color: ``#rrggbb``, or empty for our own."""

    @property
    def primary_color(self) -> str: ...
    @property
    def secondary_color(self) -> str: ...


def stylesheet(primary: str, secondary: str, scheme: Scheme = "") -> str:
    """The custom properties that the pages take a brand from; empty for our own look. ``scheme`` holds to one."""
    first, second = (each if is_color(each) else "" for each in (primary, secondary))
    light, dark = _properties(first, second, PAPERS), _properties(first, second, NIGHTS)
    if not light:
        return ""
    if scheme:
        return f":root{{{dark if scheme == 'dark' else light}}}"
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{:root{{{dark}}}}}"


def colors_in_name(colors: Colors) -> str:
    """The colors as the name of their style sheet has them: "0a7d5c-0"; "" for our own look."""
    parts = [each[1:] if is_color(each) else OURS for each in (colors.primary_color, colors.secondary_color)]
    return "" if parts == [OURS, OURS] else "-".join(parts)


def colors_of_name(name: str) -> tuple[str, str] | None:
    """The colors that a name stands for; None for what is no such name."""
    parts = [f"#{part}" if part != OURS else "" for part in name.split("-")]
    if len(parts) != 2 or not all(part == "" or is_color(part) for part in parts):
        return None
    return parts[0], parts[1]


def digest_of(text: str) -> str:
    """What tells one text of a style sheet from another: it may then be kept for long."""
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def readable_on(color: str, papers: Sequence[str]) -> str:
    """``color``, moved away from ``papers`` (all light, or all dark) until text of it can be read on each."""
    towards = contrast_of(papers[0]).text
    found = color
    for share in range(0, 101, 5):
        found = _mixed(color, towards, share)
        if all(ratio(found, paper) >= READABLE for paper in papers):
            break
    return found


def _properties(primary: str, secondary: str, papers: Sequence[str]) -> str:
    found = ""
    if primary:
        shown = readable_on(primary, papers)
        found += f"--action:{shown};--on-action:{contrast_of(shown).text};"
    if secondary:
        found += f"--accent:{secondary};--on-accent:{contrast_of(secondary).text};"
    elif primary:
        found += f"--accent:{primary};--on-accent:{contrast_of(primary).text};"
    return found


def _mixed(color: str, other: str, share: int) -> str:
    """``color`` with ``share`` percent of ``other``."""
    pairs = [(int(color[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{(one * (100 - share) + two * share) // 100:02x}" for one, two in pairs)
