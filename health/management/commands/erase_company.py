"""`manage.py erase_company`: forget all persons of a company that left; its books stay."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from commerce_sync.lookup import AmbiguousCompany, UnknownCompany, company_named
from health.personal.erasing import BadErasure, carry_out, request_erasure


class Command(BaseCommand):
    help = (
        "Forget all persons of a company that left, and what it is called: unlink it from everything, give its keys "
        "back and delete them, empty its raw payloads, customers, contacts, messages. Its books, and what proves their "
        "amounts, stay. It cannot be undone. Exit codes: 0 done, or being done; 1 it was not asked for rightly."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Whose data, and why."""
        parser.add_argument("company", help="its name or id")
        parser.add_argument("--yes", action="store_true", help="it is this company, and it is meant")
        parser.add_argument("--why", required=True, help="a sentence for the audit trail")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask for it, and carry it out to its end."""
        actor = f"command:{getpass.getuser()}"
        try:
            company = company_named(options["company"])
            if not options["yes"]:
                raise BadErasure(f"Say --yes if {company.name} ({company.public_id}) is to be forgotten for good.")
            made = request_erasure(company=company, reason=options["why"], actor=actor)
        except (UnknownCompany, AmbiguousCompany, BadErasure) as error:
            raise CommandError(str(error)) from None
        self.stdout.write(carry_out(made))
