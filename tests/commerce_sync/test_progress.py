"""Progress is for a person at a terminal, and for nobody else."""

from __future__ import annotations

import io

import pytest

from commerce_sync import progress
from commerce_sync.progress import Progress


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_sees_one_line_that_is_cleared_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "EVERY_SECONDS", 0)
    screen = _Terminal()
    with Progress(screen, "reading", of=90_000, unit="rows") as told:
        told.at(12_000, "orders")
    shown = screen.getvalue().split("\r")
    assert "reading 12,000 of 90,000 rows orders" in shown
    assert shown[-1] == ""
    assert shown[-2].strip() == ""
    assert "\n" not in screen.getvalue()


def test_a_pipe_sees_nothing() -> None:
    pipe = io.StringIO()
    with Progress(pipe, "reading") as told:
        told.at(1)
    assert pipe.getvalue() == ""


def test_it_is_not_written_more_often_than_anybody_can_read() -> None:
    screen = _Terminal()
    with Progress(screen, "reading") as told:
        for number in range(10_000):
            told.at(number)
        assert screen.getvalue().count("reading") < 30
