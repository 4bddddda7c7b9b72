"""What somebody asks for. Pure."""

from __future__ import annotations

from msgspec import Struct

from commerce_sync.configuration.known import Plan
from ledger.book import Book

Problem = tuple[str, str]
"""The published path of a field, and what is wrong with it."""


class Wanted(Struct, frozen=True):
    """What is asked for, and what of it cannot be. ``enable`` None: it was not said."""

    book: Book
    plan: Plan
    enable: bool | None = None
    problems: tuple[Problem, ...] = ()
