"""Writes `pages/` anew from the rows beside the pushed platform: ``python -m tests.platforms.partner_pull.record``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from connectors.commerce.partner_pull import OFFERED, PartnerPull
from connectors.session import Session
from tests.connectors.server import Seen
from tests.platforms.exchanges import Recorder
from tests.platforms.partner_endpoint import KEY, Asked, Endpoint

HERE = Path(__file__).parent
ROWS = HERE.parent / "partner" / "pages"


def main() -> None:
    """One file a list, of short pages, so that the long ones have several."""
    endpoint = Endpoint(most_rows=8)
    for name in OFFERED:
        rows = json.loads((ROWS / f"{name}.json").read_text())["results"]
        # Books are of one currency: what is sold in another is held, and tested with the books and not here.
        endpoint.rows[name] = [row for row in rows if row.get("currency", "GBP") == "GBP"]

    def answer(seen: Seen) -> Any:
        query = {param: values[-1] for param, values in seen.query.items()}
        return endpoint.answer(Asked(seen.path, query, f"Bearer {KEY}"))

    (HERE / "pages").mkdir(exist_ok=True)
    for name in OFFERED:
        recorder = Recorder(answer, {})
        for _ in PartnerPull().fetch(Session(0, 0, {}, recorder), name, None):
            pass
        text = json.dumps(recorder.exchanges, indent=1, ensure_ascii=False)
        (HERE / "pages" / f"{name}.json").write_text(f"{text}\n")


if __name__ == "__main__":
    main()
