"""`manage.py create_partner NAME`: a partner and its first API key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from commerce_sync.api_keys import create_key
from ledger.models import Partner
from ledger.services import audit

ACTOR = "manage.py create_partner"


class Command(BaseCommand):
    help = (
        "Create a partner (who calls the API for its merchants) and print its API key, once: only a hash of it is "
        "stored. The key goes to the standard output and everything else to the error stream, so that it can be piped. "
        "Exit codes: 0 created; 1 the name is taken or empty."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The argument and the option."""
        parser.add_argument("name", help="the partner's name, not used by another partner")
        parser.add_argument("--key-name", default="first key", help="what to call the key (default: first key)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create both or none."""
        name = options["name"].strip()
        if not name or len(name) > 200:
            raise CommandError("The name must have 1 to 200 characters.")
        try:
            with transaction.atomic():
                partner = Partner.objects.create(name=name)
                audit(code="partner.created", actor=ACTOR, partner=partner, subject=name)
                key = create_key(partner=partner, name=options["key_name"].strip() or "first key", actor=ACTOR)
        except IntegrityError as error:
            raise CommandError(f"There is a partner named {name!r} already. Choose another name.") from error
        self.stderr.write(f"Partner {name!r} created, id {partner.public_id}.")
        self.stderr.write("Its API key, shown only this once (send it as: Authorization: Basic base64(key)):")
        self.stdout.write(key.secret)
