"""`manage.py place_connection CONNECTION`: which server a connection calls."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from connectors.addresses import BadAddress
from connectors.errors import MisconfiguredPlatform
from connectors.models import Connection
from connectors.services import set_base_url

ACTOR = "manage.py place_connection"


class Command(BaseCommand):
    help = (
        "Put another server in the place of a platform, for one connection: a test server, a sandbox, a proxy. All "
        "that is called goes there, log-in and tokens included, so it must be one that you trust. On another host "
        "the stored access is deleted, and the connection waits to be authorized anew. A private address, or one "
        "without TLS, must be named in COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS. Exit codes: 0 done; 1 no such connection, "
        "or no address that can be called."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The connection, and where its server is."""
        parser.add_argument("connection", help="the id of the connection, as the API and the administration show it")
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--server", metavar="URL", help="the address under which the platform's paths are served")
        where.add_argument("--own", action="store_true", help="the platform's own server again")

    def handle(self, *args: Any, **options: Any) -> None:
        """Move it, and say where it is and whether it has to be authorized."""
        try:
            connection = Connection.objects.get(public_id=options["connection"])
        except (Connection.DoesNotExist, ValidationError):
            raise CommandError(f"There is no connection {options['connection']!r}.") from None
        try:
            moved = set_base_url(connection=connection, url=options["server"] or "", actor=ACTOR)
        except (BadAddress, MisconfiguredPlatform) as error:
            raise CommandError(str(error)) from None
        where = options["server"] or "its platform's own server"
        self.stdout.write(f"{moved.name} of {moved.company.name} calls {where}; it is {moved.get_status_display()}.")
