"""Words as accounting platforms can hold them, whatever merchants and their customers call things. Pure."""

from __future__ import annotations

from typing import Final

LONGEST: Final = 4_000
"""Characters of a description, or of a note, that every platform takes."""


def plain(words: str, longest: int = LONGEST) -> str:
    """``words`` in one line of at most ``longest`` characters, a space for each that cannot be printed.

    Among these are what XML cannot hold, halves of characters, and marks that turn the direction of writing: with them
    a platform refuses the document, or shows something else than was sold. What came in stays as it came.
    """
    kept = words if words.isprintable() else "".join(each if each.isprintable() else " " for each in words)
    return kept[:longest].strip()
