"""`manage.py platforms`: what each platform can do here."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from connectors import registry
from connectors.capabilities import as_markdown, as_text, sources, targets
from connectors.platform import AccountingPlatform, CommercePlatform

PAGE = """# Platforms

This page is made from the platforms' own declarations (`manage.py platforms --markdown`) and held current by a test.

## Where sales come from

{sources}

"Names" counts lists of names (products, locations, taxes) that are read beside the records.

## Where documents go

{targets}

"Takes back" are the documents that the platform voids or deletes; the others are reversed by new ones. "Safe to repeat
by" is what keeps a write whose answer was lost from being made twice.
"""


def platforms_page() -> str:
    """docs/platforms.md, whole."""
    commerce, accounting = _shipped()
    return PAGE.format(sources=as_markdown(sources(commerce)), targets=as_markdown(targets(accounting)))


def _shipped() -> tuple[list[CommercePlatform], list[AccountingPlatform]]:
    """The platforms of the two folders: what else is registered is a test's."""
    found = [each for each in registry.platforms() if type(each).__module__.startswith("connectors.")]
    return (
        [each for each in found if isinstance(each, CommercePlatform)],
        [each for each in found if isinstance(each, AccountingPlatform)],
    )


class Command(BaseCommand):
    help = "Show what each platform can do here. Exit code 0."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One option."""
        parser.add_argument("--markdown", action="store_true", help="as docs/platforms.md has it")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the two matrices."""
        if options["markdown"]:
            self.stdout.write(platforms_page(), ending="")
            return
        commerce, accounting = _shipped()
        self.stdout.write(as_text(sources(commerce)) + "\n\n")
        self.stdout.write(as_text(targets(accounting)) + "\n")
