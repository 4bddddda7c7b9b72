"""The runbook on findings: one entry for each kind, for the console's page and for docs/runbook.md. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import Formatter
from typing import Final

from msgspec import Struct

from health.findings import guide_money, guide_records, guide_work
from health.findings.advice import Advice
from health.findings.kinds import KINDS, Kind

GUIDE: Final[dict[str, Advice]] = {**guide_money.GUIDE, **guide_work.GUIDE, **guide_records.GUIDE}
TURNS: Final = {
    "merchant": "the merchant's",
    "partner": "the partner's",
    "support": "support's",
    "nobody": "nobody's",
}


class Entry(Struct, frozen=True):
    """One kind with what there is to say about it, in plain text."""

    kind: Kind
    whose: str
    sentence: str
    remedy: str
    means: str
    see: str
    do: str


def entry_of(code: str) -> Entry:
    """The entry of a kind; raises KeyError for a code that there is not."""
    kind, advice = KINDS[code], GUIDE[code]
    return Entry(
        kind,
        TURNS[kind.turn],
        _worded(kind.sentence, "…"),
        _worded(kind.remedy, "…"),
        plain(advice.means),
        plain(advice.see),
        plain(advice.do),
    )


def section() -> str:
    """The section of docs/runbook.md, without its heading: kinds by area, in the order of the catalog."""
    return "\n".join(_lines()).rstrip() + "\n"


def plain(text: str) -> str:
    """Markdown as text: links by their words, without signs."""
    return re.sub(r"[`*]", "", re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text))


def _lines() -> Iterator[str]:
    for kind in KINDS.values():
        advice = GUIDE[kind.code]
        yield from (f"### {kind.code}", "")
        yield from (f"**{kind.title}** · {kind.area} · {kind.severity} · {TURNS[kind.turn]} turn", "")
        yield f"- It says: {_worded(kind.sentence)}"
        yield f"- What it means: {advice.means}"
        yield f"- Where to look: {advice.see}"
        yield from (f"- What to do: {_worded(kind.remedy)} {advice.do}", "")


def _worded(template: str, fact: str = "") -> str:
    """A template for people: its facts as ``fact``, or by their names in italics."""
    parts = Formatter().parse(template)
    return " ".join("".join(text + ((fact or f"*{field}*") if field else "") for text, field, *_ in parts).split())
