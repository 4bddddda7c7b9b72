"""`manage.py database_role NAME`: the role for the application, which may not undo what the database guards."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import ProgrammingError, connection, transaction

from commerce_sync.database_role import NoSuchRole, statements
from commerce_sync.outage import first_line


class Command(BaseCommand):
    help = (
        "Give the role NAME what the application needs of this database and nothing else. Run it as the owner of the "
        "tables, after every migrate; then let the site and the workers log in as NAME. A role that is not there is "
        "made, without a password: set one in psql with \\password."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The name, and whether to do it or only to show it."""
        parser.add_argument("name", help="lower-case letters, digits and underscores")
        parser.add_argument("--sql", action="store_true", help="print the statements and carry out none")

    def handle(self, *args: Any, **options: Any) -> None:
        """All statements in one transaction, or none."""
        try:
            wanted = list(statements(options["name"]))
            if options["sql"]:
                self.stdout.write("".join(f"{each};\n" for each in wanted), ending="")
                return
            with transaction.atomic(), connection.cursor() as cursor:
                for each in wanted:
                    cursor.execute(each)
        except NoSuchRole as error:
            raise CommandError(str(error)) from None
        except ProgrammingError as error:
            raise CommandError(
                f"{first_line(error)}: run this as the owner of the tables, or give what --sql prints to an "
                "administrator of the database."
            ) from None
        self.stdout.write(
            f"{options['name']} may use {len([e for e in wanted if ' ON ' in e]) - 5} tables and owns none."
        )
