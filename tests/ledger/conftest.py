"""``pytest tests/ledger --update-worked`` writes the worked examples' expectations and docs/posting.md again."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-worked", action="store_true", help="write what the worked examples lead to now")
