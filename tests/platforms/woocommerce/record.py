"""``python -m tests.platforms.woocommerce.record`` writes the pages: what is asked of the fake shop, and what it says.

They are built from the published specification and the plugin's published source, not recorded at a real shop.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

from connectors.commerce.woocommerce import WooCommerce
from connectors.session import Session
from tests.connectors.server import Answer, Seen
from tests.platforms.exchanges import Recorder
from tests.platforms.woocommerce.fake import FakeWoo
from tests.platforms.woocommerce.story import Straight, a_shop, month

PAGES = Path(__file__).parent / "pages"
HEADERS = {"authorization": "Basic " + base64.b64encode(b"ck_test:cs_test").decode()}


def stocked(fake: FakeWoo) -> None:
    """Some things are counted, some of them with a cost; a product with variations, of which one counts by itself."""
    newest, other, *_ = sorted(fake.products, reverse=True)
    fake.count(newest, 12, few=3, cost=4.125)
    fake.count(other, -1)
    shirt = fake.add_product("Shirt", "20.00", "Clothes", kind="variable")
    fake.add_variation(shirt, "Red")
    fake.count(fake.add_variation(shirt, "Blue"), 5, few=2, cost=7.5)
    for size in ("S", "M", "L", "XL", "XXL", "XXXL"):
        fake.add_variation(shirt, size)


def main() -> None:
    """One file a stream, of short pages without headers, so that every listing has several."""
    fake = a_shop(page=7)
    fake.says_pages = False
    month(fake, Straight(fake))
    stocked(fake)
    for topic in ("order.created", "order.updated", "order.deleted", "order.restored"):
        fake.add_webhook("https://sync.example/webhooks/woocommerce/7d0cbe4e", topic)["status"] = (
            "disabled" if topic == "order.deleted" else "active"
        )

    def answer(seen: Seen) -> Any:
        found = fake.answer(seen)
        return found.value if isinstance(found, Answer) and found.status == 200 else found

    for name in WooCommerce.streams:
        recorder = Recorder(answer, HEADERS)
        for _ in WooCommerce().fetch(Session(0, 0, {}, recorder), name, None):
            pass
        text = json.dumps(recorder.exchanges, indent=1, ensure_ascii=False)
        (PAGES / f"{name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
