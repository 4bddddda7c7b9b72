"""What accounting platforms are sent when a proxy repeats it, and when merchants name things as they like."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from connectors.models import PushItem
from connectors.plain_text import LONGEST, plain
from ledger import commerce
from tests.commerce_sync.cast import an_order
from tests.connectors.server import Seen
from tests.platforms.targets import FIRST, MODES, Fake, interfaces, linked, ours, references

pytestmark = pytest.mark.django_db
of_each_target = pytest.mark.parametrize("key", interfaces())
in_each_mode = pytest.mark.parametrize("mode", MODES)

HOSTILE: Final = (
    "Tea\x0b\x1f\x7f\ufffe & <b>“cake”</b> \U0001f9cb\u202egnp.exe",
    "\u0645\u0631\u062d\u0628\u0627 \"x\" 'y' \\ %s {0}\n\ttab",
    "ﷺ" * 6_000,
    "e\u0301" * 3_000,
    "=cmd|' /C calc'!A0",
)


@of_each_target
@in_each_mode
@pytest.mark.case("A11")
def test_a_write_that_a_proxy_repeats_makes_one_document(key: str, mode: Any, fake: Fake) -> None:
    shop = linked(key, fake, mode)
    shop.post(an_order(1))
    fake.fail("repeated", 20)
    assert shop.settle().undelivered == 0, list(PushItem.objects.values_list("failure_sentence", flat=True))
    assert references(fake) == ours(shop)


@of_each_target
@in_each_mode
@pytest.mark.case("A24")
def test_whatever_things_are_called_the_platform_is_sent_what_it_can_hold(key: str, mode: Any, fake: Fake) -> None:
    shop = linked(key, fake, mode)
    shop.post(*(named(each, n) for n, each in enumerate(HOSTILE)))
    log = fake.server.log
    log.clear()
    assert shop.settle().undelivered == 0, list(PushItem.objects.values_list("failure_sentence", flat=True))
    assert references(fake) == ours(shop)
    texts = [text for seen in log for text in texts_of(seen)]
    assert mode != "journal" or any("cake" in text for text in texts), "the names are not sent at all"
    for text in texts:
        assert len(text) <= LONGEST, (len(text), text[:80])
        assert text.isprintable(), ascii(text[:200])


def named(text: str, number: int) -> commerce.Order:
    """A sale of a day of its own, paid by a means of that name."""
    order = an_order(number, day=FIRST + timedelta(days=number))
    (tender,) = order.tenders
    return replace(order, tenders=(replace(tender, method="external", label=text),))


def texts_of(seen: Seen) -> Iterator[str]:
    """Every text of a request."""
    yield from (value for values in seen.query.values() for value in values)
    yield from leaves(json.loads(seen.body) if seen.body else None)


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from leaves(each)


@pytest.mark.case("A24")
@given(st.text() | st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn", "So", "Lo"])))
def test_any_words_become_words_that_xml_can_hold(words: str) -> None:
    said = plain(words, 20)
    assert len(said) <= 20
    assert said.isprintable()
    assert said == said.strip()
    ElementTree.fromstring(f"<a>{escape(said)}</a>".encode())  # noqa: S314  (our own words)
    assert plain(said, 20) == said


def test_words_are_cut_and_what_cannot_be_printed_is_a_space() -> None:
    assert plain("a\x00b\x0bc\ud800" + "x" * 5_000)[:6] == "a b c "
    assert len(plain("x" * 5_000)) == LONGEST
