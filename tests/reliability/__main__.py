"""Write the tables into the documents."""

from __future__ import annotations

from tests.reliability.table import DOCS, PAGES, page

for name in PAGES:
    (DOCS / name).write_text(page(name))
