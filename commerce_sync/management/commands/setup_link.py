"""`manage.py setup_link COMPANY`: a link into a merchant's pages, as a partner's product asks the API for it."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from commerce_sync.lookup import AmbiguousCompany, UnknownCompany, company_named
from commerce_sync.setup_links import LASTS, OtherBooks, make_link
from connectors import registry
from connectors.models import Connection
from ledger.models import Company

ACTOR: Final = "manage.py setup_link"


class Command(BaseCommand):
    help = (
        "Print a link into the pages of a merchant: it opens once, within "
        f"{int(LASTS.total_seconds())} seconds. For trying and for support; a partner's product asks the API. "
        "Exit codes: 0 printed; 1 there is no such company, or its books are elsewhere."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The argument and the options."""
        parser.add_argument("company", help="the company's name or id")
        parser.add_argument("--commerce", help="the sales platform (default: the one that it is linked to)")
        parser.add_argument("--accounting", help="the accounting platform (default: the one that it is linked to)")
        parser.add_argument("--site", default="", help="where this site is (default: COMMERCE_SYNC_PUBLIC_URL)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make it and print it."""
        try:
            company = company_named(options["company"])
        except (UnknownCompany, AmbiguousCompany) as error:
            raise CommandError(str(error)) from None
        commerce = _platform(company, Connection.Kind.COMMERCE, options["commerce"], "partner")
        accounting = _platform(company, Connection.Kind.ACCOUNTING, options["accounting"], "books")
        site = options["site"].rstrip("/") or settings.COMMERCE_SYNC_PUBLIC_URL or "http://127.0.0.1:8000"
        try:
            link = make_link(
                partner=company.partner,
                merchant=str(company.public_id),
                commerce=registry.commerce(commerce),
                accounting=registry.accounting(accounting),
                actor=ACTOR,
            )
        except OtherBooks as error:
            raise CommandError(f"The books of {company.name} are kept at {error.connection.platform}.") from None
        path = reverse("flow-start", args=[company.public_id])
        self.stdout.write(f"{site}{path}?code={link.code}")


def _platform(company: Company, kind: str, said: str | None, otherwise: str) -> str:
    """The key of the platform that was said, or that the company has."""
    if said:
        known = registry.named(said)
        keys = registry.commerce_keys() if kind == Connection.Kind.COMMERCE else registry.accounting_keys()
        if known is None or known.key not in keys:
            raise CommandError(f"There is no {kind} platform {said!r}: `manage.py platforms` lists them.")
        return known.key
    held = Connection.objects.filter(company=company, kind=kind).order_by("-status", "id").first()
    return held.platform if held is not None else otherwise
