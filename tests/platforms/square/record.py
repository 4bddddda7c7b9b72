"""Writes `pages/` anew from the fake: ``python -m tests.platforms.square.record``. The goldens are then looked at."""

from __future__ import annotations

import json
from pathlib import Path

from connectors.commerce.square import Square
from connectors.session import Session
from tests.platforms.exchanges import Recorder
from tests.platforms.square.fake import FakeSquare
from tests.platforms.square.story import Straight, month

PAGES = Path(__file__).parent / "pages"
HEADERS = {"authorization": "Bearer square-test-token", "square-version": "any"}


def main() -> None:
    """One file a stream, of short pages, so that every listing has several."""
    fake = FakeSquare(page=9)
    month(fake, Straight(fake))
    for name in Square.streams:
        recorder = Recorder(fake.answer, HEADERS)
        for _ in Square().fetch(Session(0, 0, {}, recorder), name, None):
            pass
        text = json.dumps(recorder.exchanges, indent=1, ensure_ascii=False)
        (PAGES / f"{name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
