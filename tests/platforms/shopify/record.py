"""Writes `pages/` anew from the fake: ``python -m tests.platforms.shopify.record``. The goldens are then looked at."""

from __future__ import annotations

import json
from pathlib import Path

from connectors.commerce.shopify import Shopify
from connectors.session import Session
from tests.platforms.exchanges import Recorder
from tests.platforms.shopify.fake import FakeShopify
from tests.platforms.shopify.story import month

PAGES = Path(__file__).parent / "pages"


def main() -> None:
    """One file a stream, of short pages, so that every listing has several."""
    fake = FakeShopify()
    month(fake)
    settings = json.loads((PAGES.parent / "facts.json").read_text())["settings"]
    for name in Shopify.streams:
        recorder = Recorder(fake.answer, {})
        for _ in Shopify().fetch(Session(0, 0, settings, recorder), name, None):
            pass
        text = json.dumps(recorder.exchanges, indent=1, ensure_ascii=False)
        (PAGES / f"{name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
