"""``pytest tests/platforms --update-golden`` writes the goldens again: what the recorded pages become now."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="write what the platforms' pages become now")
