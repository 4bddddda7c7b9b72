"""`manage.py erase_person`: forget a customer of a company; the books stay."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commerce_sync.lookup import AmbiguousCompany, UnknownCompany, company_named
from health.personal.erasing import BadErasure, carry_out, request_erasure


class Command(BaseCommand):
    help = (
        "Forget a customer of a company: what names the person in raw payloads, records and names of customers. "
        "Documents, amounts and what proves them stay. "
        "Exit codes: 0 done, or being done; 1 it was not asked for rightly."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose data, and why."""
        parser.add_argument("company", help="its name or id")
        parser.add_argument("known_by", nargs="+", help="the id at the sales system, e-mail, name, telephone")
        parser.add_argument("--why", required=True, help="a sentence for the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for it, and carry it out to its end."""
        actor = f"command:{getpass.getuser()}"
        try:
            company = company_named(options["company"])
            made = request_erasure(company=company, texts=options["known_by"], reason=options["why"], actor=actor)
        except (UnknownCompany, AmbiguousCompany, BadErasure) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(carry_out(made))
