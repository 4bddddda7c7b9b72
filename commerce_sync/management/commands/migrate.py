"""`manage.py migrate`, while the site and the workers go on: it waits for nobody for long, and says for whom it did."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.management.base import CommandError
from django.core.management.commands.migrate import Command as DjangosCommand
from django.db import OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from commerce_sync.outage import first_line, is_lock_timeout, outage_of

# Behind a migration that waits for a table everybody else who wants the table waits too.
LONGEST_WAIT_MS: Final = 5_000


class Command(DjangosCommand):
    help = (
        f"{DjangosCommand.help} Gives up after {LONGEST_WAIT_MS // 1_000} seconds of waiting for a table that somebody "
        "holds: nothing of that migration is done then, and the command goes on where it stopped when it is run again."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        """Migrate with a bounded wait for locks, and without a limit of how long a statement may work."""
        connection = connections[options["database"]]
        try:
            with _limits(connection):
                super().handle(*args, **options)
        except OperationalError as error:
            outage = outage_of(error)
            if outage is None:
                raise
            if not is_lock_timeout(error):
                raise CommandError(f"{outage.said} {outage.todo} ({first_line(error)})") from None
            raise CommandError(
                f"Somebody held a table for longer than {LONGEST_WAIT_MS // 1_000} seconds ({first_line(error)}). "
                "Nothing of this migration was done; those before it stay done. Run the command again, at a quieter "
                "hour if this repeats."
            ) from None


@contextmanager
def _limits(connection: BaseDatabaseWrapper) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, false)", [f"{LONGEST_WAIT_MS}ms"])
        cursor.execute("SELECT set_config('statement_timeout', '0', false)")
    try:
        yield
    finally:
        if connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout; RESET statement_timeout")
