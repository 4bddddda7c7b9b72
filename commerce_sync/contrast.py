"""How well text can be read on a color, by WCAG 2.2. Pure."""

from __future__ import annotations

import re
from decimal import ROUND_DOWN, Decimal
from typing import Final, NamedTuple

WHITE: Final = "#ffffff"
BLACK: Final = "#000000"
_HEX: Final = re.compile(r"#[0-9a-f]{6}")
_WEIGHTS: Final = (Decimal("0.2126"), Decimal("0.7152"), Decimal("0.0722"))


class Contrast(NamedTuple):
    """The ratios of white and black text on a color, 1 to 21, and which of the two reads better."""

    with_white: Decimal
    with_black: Decimal
    text: str


def is_color(text: str) -> bool:
    """Whether ``text`` is ``#rrggbb`` in lower case."""
    return _HEX.fullmatch(text) is not None


def contrast_of(color: str) -> Contrast:
    """The contrast of ``color`` (``#rrggbb``). Never rounded up: 4.49 must not pass for the 4.5 that is asked for."""
    light = _luminance(color)
    margin = Decimal("0.05")
    with_white = (1 + margin) / (light + margin)
    with_black = (light + margin) / margin
    cents = Decimal("0.01")
    return Contrast(
        with_white.quantize(cents, ROUND_DOWN),
        with_black.quantize(cents, ROUND_DOWN),
        WHITE if with_white >= with_black else BLACK,
    )


def ratio(color: str, other: str) -> Decimal:
    """The contrast of two colors, 1 to 21, never rounded up."""
    lights = sorted((_luminance(color), _luminance(other)))
    margin = Decimal("0.05")
    return ((lights[1] + margin) / (lights[0] + margin)).quantize(Decimal("0.01"), ROUND_DOWN)


def _luminance(color: str) -> Decimal:
    channels = (Decimal(int(color[start : start + 2], 16)) / 255 for start in (1, 3, 5))
    return sum((weight * _linear(channel) for weight, channel in zip(_WEIGHTS, channels, strict=True)), Decimal(0))


def _linear(channel: Decimal) -> Decimal:
    if channel <= Decimal("0.04045"):
        return channel / Decimal("12.92")
    result: Decimal = ((channel + Decimal("0.055")) / Decimal("1.055")) ** Decimal("2.4")
    return result
