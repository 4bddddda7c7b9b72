"""Neutral pictures of platforms: the first letter of a name on a color of its own, as SVG. Pure.

The colors are few and dark enough for white text (WCAG AA); which one it is follows from the name alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from html import escape
from types import MappingProxyType
from typing import Final

COLORS: Final = (
    *("#1f5f8b", "#7a3e9d", "#0b6e4f", "#9c3d10", "#3f51a3", "#8a1c4a"),
    *("#4a5a00", "#006d77", "#6b4226", "#2f3e46", "#a32020", "#5b2a86"),
)
INK: Final = "#1c2430"
WHITE: Final = "#ffffff"
_FONT: Final = "font-family=\"system-ui,-apple-system,'Segoe UI',Roboto,sans-serif\""
_SIDE: Final = 64
_EM: Final = 24  # the size of the name beside the mark
_CHARACTER: Final = 14  # how wide a character of that size is at most, about


def color_of(name: str) -> str:
    """The color of a platform."""
    return COLORS[hashlib.sha256(name.encode()).digest()[0] % len(COLORS)]


def square(name: str) -> str:
    """The mark by itself."""
    return _svg(_SIDE, _SIDE, name, _mark(name))


def logo(name: str) -> str:
    """The mark with the name beside it."""
    width = _SIDE + 16 + len(name) * _CHARACTER
    return _svg(width, _SIDE, name, _mark(name) + _text(_SIDE + 14, 40, _EM, INK, name))


def button(name: str) -> str:
    """A button that says to connect it."""
    return _button(name, color_of(name), "")


def button_hover(name: str) -> str:
    """The same button while a pointer is on it: framed, and a little darker."""
    shade = f'<rect x="2" y="2" width="{_button_width(name) - 4}" height="44" rx="6" fill="#000000" fill-opacity=".18" '
    return _button(name, color_of(name), shade + f'stroke="{WHITE}" stroke-width="1.5"/>')


DRAWINGS: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType(
    {"logo": logo, "square": square, "button": button, "button-hover": button_hover}
)


def _button_width(name: str) -> int:
    return 40 + len(f"Connect {name}") * 10


def _button(name: str, color: str, over: str) -> str:
    width = _button_width(name)
    box = f'<rect width="{width}" height="48" rx="8" fill="{color}"/>{over}'
    return _svg(width, 48, f"Connect {name}", box + _text(width // 2, 30, 17, WHITE, f"Connect {name}", middle=True))


def _mark(name: str) -> str:
    box = f'<rect width="{_SIDE}" height="{_SIDE}" rx="14" fill="{color_of(name)}"/>'
    return box + _text(_SIDE // 2, 44, 34, WHITE, name[:1].upper(), middle=True)


def _text(x: int, y: int, size: int, color: str, words: str, *, middle: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    place = f'x="{x}" y="{y}" font-size="{size}" font-weight="600" fill="{color}"{anchor} {_FONT}'
    return f"<text {place}>{escape(words)}</text>"


def _svg(width: int, height: int, title: str, inside: str) -> str:
    box = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img"><title>{escape(title)}</title>'
    return f"{head}{inside}</svg>\n"
