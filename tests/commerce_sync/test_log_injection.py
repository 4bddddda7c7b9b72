"""Nobody writes lines of their own into the log, whatever they are called."""

from __future__ import annotations

import json
import logging

import pytest

from commerce_sync.log_format import JsonFormatter, PlainFormatter

FORGED = "2026-11-03 10:00:00,000 WARNING health [c-1]: everything is fine"
ENDS = ["\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
OBEYED = ["\x1b[2K\x1b[1A", "\x9b2K", "\x08" * 40, "\x00", "\x7f", "\u202e", "\u2066"]
PLAIN = "%(asctime)s %(levelname)s %(name)s [%(correlation)s]: %(message)s"


def written(formatter: logging.Formatter, name: str) -> list[str]:
    """What is written of a record, with a hostile name in its message, in what its caller added, and in an error."""
    found = []
    for error in (None, ValueError(name)):
        told = (type(error), error, error.__traceback__) if error else None
        extra = {"shop": name, "correlation": "c-1"}
        record = logging.getLogger("a").makeRecord("a", logging.ERROR, "f", 1, "%s is late", (name,), told, extra=extra)
        found.append(formatter.format(record))
    return found


@pytest.mark.case("S20")
@pytest.mark.parametrize("end", ENDS, ids=ascii)
def test_a_name_with_an_end_of_line_begins_no_line(end: str) -> None:
    for text in written(PlainFormatter(PLAIN), f"Shop{end}{FORGED}"):
        first, *others = text.splitlines()
        assert first.endswith(("is late", "Shop"))
        assert all(line.startswith("    ") for line in others)
        assert set(text) & set(ENDS) <= {"\n"}
    for text in written(JsonFormatter(), f"Shop{end}{FORGED}"):
        assert len(text.splitlines()) == 1
        assert json.loads(text)["message"] == f"Shop{end}{FORGED} is late"


@pytest.mark.case("S20")
@pytest.mark.parametrize("formatter", [PlainFormatter(PLAIN), JsonFormatter()], ids=["plain", "json"])
@pytest.mark.parametrize("obeyed", OBEYED, ids=ascii)
def test_a_name_that_a_terminal_would_obey_is_written_out(obeyed: str, formatter: logging.Formatter) -> None:
    for text in written(formatter, f"Shop{obeyed}x"):
        assert not set(text) & set(obeyed) - set("[2K1A")
        assert "Shop" in text
