"""`manage.py console_access`: lets in again who is locked out of the console."""

from __future__ import annotations

import getpass
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from health.console import second_factor, tries
from health.console.log_in import partner_of
from ledger.services import audit


class Command(BaseCommand):
    help = (
        "Let somebody into the console again: forget the tries at the log-in in vain, or take the second factor away, "
        "which then can be set up anew. Exit codes: 0 done; 1 there is nobody of this name, or nothing was asked for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Who, and what."""
        parser.add_argument("name", help="the name with which the person logs in")
        parser.add_argument("--let-in", action="store_true", help="forget the tries in vain of this name")
        parser.add_argument("--remove-second-factor", action="store_true", help="take the second factor away")
        parser.add_argument("--why", default="by command", help="for the audit trail")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Do it, and note it."""
        name, actor = options["name"], f"command:{getpass.getuser()}"
        user: Any = get_user_model()._default_manager.filter(username=name).first()
        if user is None:
            raise CommandError(f"There is nobody of the name {name}.")
        if not (options["let_in"] or options["remove_second_factor"]):
            raise CommandError("Say what to do: --let-in or --remove-second-factor.")
        if options["let_in"]:
            waited = tries.forget("name", name) | tries.forget("second factor", str(user.pk))
            if waited:
                detail = {"why": options["why"]}
                audit(code="login.let_in", actor=actor, partner=partner_of(user), subject=name, detail=detail)
            self.stdout.write(f"{name} may try again." if waited else f"{name} had no tries in vain.")
        if options["remove_second_factor"]:
            had = second_factor.remove(user=user, actor=actor, why=options["why"])
            self.stdout.write(f"The second factor of {name} is removed." if had else f"{name} has no second factor.")
