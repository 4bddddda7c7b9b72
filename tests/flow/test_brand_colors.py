"""A partner's colors on our pages: whatever they are, text is read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from commerce_sync.branding import set_branding
from commerce_sync.contrast import ratio
from commerce_sync.flow.brand import NIGHTS, PAPERS, READABLE, colors_of_name, stylesheet
from tests.flow.cast import a_linked_merchant, a_partner, inside

CSS = Path(__file__).parents[2] / "commerce_sync" / "static" / "flow" / "flow.css"
COLORS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")
EDGES = ("#000000", "#ffffff", "#777777", "#767676", "#ffff00", "#0000ff", "#00ff00", "#1b212b", "#f5f6f8")


def tokens(text: str) -> dict[str, str]:
    """Custom properties that are colors; #abc is written out."""
    found = dict(re.findall(r"--([a-z-]+):\s*(#[0-9a-f]{3,6})", text))
    return {
        name: f"#{''.join(c * 2 for c in value[1:])}" if len(value) == 4 else value for name, value in found.items()
    }


def ours(scheme: str) -> dict[str, str]:
    light, dark = CSS.read_text().split("@media (prefers-color-scheme: dark)")[:2]
    return tokens(light) if scheme == "light" else tokens(light) | tokens(dark.split("}\n}")[0])


def both(primary: str, secondary: str = "") -> list[tuple[str, dict[str, str]]]:
    light, dark = stylesheet(primary, secondary).split("@media")
    return [("light", tokens(light)), ("dark", tokens(dark))]


def reads(scheme: str, brand: dict[str, str]) -> None:
    has = ours(scheme) | brand
    assert ratio(has["on-action"], has["action"]) >= READABLE
    for paper in ("card", "paper", "quiet-paper", "good-paper", "bad-paper", "warn-paper"):
        assert ratio(has["action"], has[paper]) >= READABLE, (scheme, paper)


@given(COLORS | st.sampled_from(EDGES))
def test_text_is_read_on_and_in_every_color_in_the_light_and_in_the_dark(color: str) -> None:
    for scheme, brand in both(color):
        reads(scheme, brand)


@given(COLORS, COLORS)
def test_the_second_color_is_the_partners_own_and_text_is_read_on_it(primary: str, secondary: str) -> None:
    for _scheme, brand in both(primary, secondary):
        assert brand["accent"] == secondary
        assert ratio(brand["on-accent"], secondary) >= READABLE


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_our_own_look_reads_too(scheme: str) -> None:
    has = ours(scheme)
    reads(scheme, {})
    for ink in ("ink", "soft"):
        for paper in ("card", "paper", "quiet-paper", "good-paper", "bad-paper", "warn-paper"):
            assert ratio(has[ink], has[paper]) >= READABLE, (ink, paper)
    for said in ("good", "bad", "warn"):
        assert ratio(has[said], has[f"{said}-paper"]) >= READABLE
        assert ratio(has[said], has["card"]) >= READABLE


@pytest.mark.parametrize(("scheme", "papers"), [("light", PAPERS), ("dark", NIGHTS)])
def test_the_papers_are_those_of_the_style_sheet(scheme: str, papers: tuple[str, ...]) -> None:
    has = ours(scheme)
    assert set(papers) == {value for name, value in has.items() if name.endswith(("paper", "card"))}


def test_a_color_that_reads_already_is_not_touched() -> None:
    assert both("#0a5d3c")[0][1]["action"] == "#0a5d3c"


@pytest.mark.parametrize("name", ["", "x", "0", "0-0-0", "12345g-0", "#0a7d5c-0", "0A7D5C-0", "0a7d5c"])
def test_only_colors_name_a_style_sheet(name: str) -> None:
    assert colors_of_name(name) is None
    assert Client().get(f"/flow/brand/{name or '-'}.00000000.css").status_code == 404


@pytest.mark.django_db
def test_the_style_sheet_is_kept_for_long_under_an_address_that_changes_with_it() -> None:
    company = a_linked_merchant()
    browser = inside(company)
    assert "/flow/brand/" not in browser.get("/flow/").content.decode()
    addresses = []
    for color in ("#0A7D5C", "#123456"):
        set_branding(partner=a_partner(), values={"primary_color": color}, actor="test")
        page = browser.get("/flow/").content.decode()
        addresses += re.findall(r'href="(/flow/brand/[^"]+\.css)"', page)
    assert len(set(addresses)) == 2
    sheet = Client().get(addresses[0])
    assert sheet["Cache-Control"] == "public, max-age=31536000, immutable"
    assert sheet["Content-Type"] == "text/css; charset=utf-8"
    assert "--action:" in sheet.content.decode()
    older = Client().get(re.sub(r"\.[0-9a-f]{8}\.", ".00000000.", addresses[0]))
    assert (older.content, older["Cache-Control"]) == (sheet.content, "no-store")
