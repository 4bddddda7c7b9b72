"""Writes `pages/` anew from the fake: ``python -m tests.platforms.stripe.record``. The goldens are then looked at."""

from __future__ import annotations

import json
from pathlib import Path

from connectors.commerce.stripe import Stripe
from connectors.session import Session
from tests.platforms.exchanges import Recorder
from tests.platforms.stripe.fake import FakeStripe
from tests.platforms.stripe.story import SETTINGS, month

PAGES = Path(__file__).parent / "pages"
HEADERS = {"authorization": "Bearer rk_test_stripe", "stripe-version": "any"}


def main() -> None:
    """One file a stream, of short pages, so that every listing has several."""
    fake = FakeStripe(page=9)
    month(fake)
    for number in range(11):
        fake.add_product(f"Lamp {number}")
    fake.add_tax_rate("Sales tax", 8.875)
    fake.add_location("Main Street")
    for name in Stripe.streams:
        recorder = Recorder(fake.answer, HEADERS)
        for _ in Stripe().fetch(Session(0, 0, SETTINGS, recorder), name, None):
            pass
        text = json.dumps(recorder.exchanges, indent=1, ensure_ascii=False)
        (PAGES / f"{name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
