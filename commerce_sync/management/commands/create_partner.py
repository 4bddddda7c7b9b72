"""`manage.py create_partner NAME`: a partner and its first API key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import IntegrityError, transaction

from commerce_sync.api_keys import create_key
from ledger.models import Partner
from ledger.money import UnknownCurrency, exponent
from ledger.services import audit
from ledger.zones import UnknownZone, zone_of

ACTOR = "manage.py create_partner"


class Command(BaseCommand):
    help = (
        "Create a partner (who calls the API for its merchants) and print its API key, once: only a hash of it is "
        "stored. The key goes to the standard output and everything else to the error stream, so that it can be piped. "
        "Exit codes: 0 created; 1 the name is taken or empty, or the currency or time zone is unknown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The argument and the options."""
        parser.add_argument("name", help="the partner's name, not used by another partner")
        parser.add_argument("--key-name", default="first key", help="what to call the key (default: first key)")

        parser.add_argument("--currency", default="USD", help="of a new company that names none (default: USD)")
        parser.add_argument("--zone", default="UTC", help="time zone of a new company that names none (default: UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        """Create both or none."""
        name = options["name"].strip()
        if not name or len(name) > 200:
            raise CommandError("The name must have 1 to 200 characters.")
        currency, zone = options["currency"].strip().upper(), options["zone"].strip()
        try:
            exponent(currency)
            zone_of(zone)
        except (UnknownCurrency, UnknownZone) as error:
            raise CommandError(str(error)) from None
        try:
            with transaction.atomic():
                partner = Partner.objects.create(name=name, currency=currency, zone=zone)
                audit(code="partner.created", actor=ACTOR, partner=partner, subject=name)
                key = create_key(partner=partner, name=options["key_name"].strip() or "first key", actor=ACTOR)
        except IntegrityError as error:
            raise CommandError(f"There is a partner named {name!r} already. Choose another name.") from error
        self.stderr.write(f"Partner {name!r} created, id {partner.public_id}; new companies: {currency}, {zone}.")
        self.stderr.write("Its API key, shown only this once (send it as: Authorization: Basic base64(key)):")
        self.stdout.write(key.secret)
