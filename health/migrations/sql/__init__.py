"""SQL that belongs to migrations, kept as SQL."""

from __future__ import annotations

from pathlib import Path


def read(name: str) -> str:
    """The text of ``name`` in this folder."""
    return (Path(__file__).parent / name).read_text()
