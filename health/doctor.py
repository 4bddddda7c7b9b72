"""The doctor: looks at the whole installation and says of each part whether it is well, and what to do if not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, connection

from health import doctor_books as books
from health import doctor_findings as watching
from health import doctor_machine as machine
from health import doctor_work as work
from health.checkup import Check, failure
from health.doctor_bells import bells
from health.doctor_interfaces import interfaces
from health.doctor_reconciled import reconciliation
from health.doctor_webhooks import webhooks

# (name, check), in the order in which a person would look. Everything after the first needs the database.
CHECKS: Final[tuple[tuple[str, Callable[[], Check]], ...]] = (
    ("database", machine.database),
    ("migrations", machine.migrations),
    ("encryption", machine.encryption),
    ("credentials", machine.credentials),
    ("clock", machine.clock),
    ("disk", machine.disk),
    ("queue settings", work.queue_settings),
    ("schedules", work.schedules),
    ("work", work.waiting_work),
    ("workers", work.workers),
    ("dead jobs", work.dead_jobs),
    ("syncs", work.syncs),
    ("deliveries", books.deliveries),
    ("undos", books.undos),
    ("webhooks", webhooks),
    ("alerts", watching.alerts),
    ("findings", watching.findings),
    ("console", watching.console),
    ("bells", bells),
    ("interfaces", interfaces),
    ("balance", books.balance),
    ("bindings", books.bindings),
    ("once", books.once),
    ("reconciliation", reconciliation),
)


def examine(progress: Callable[[int, str], None] = lambda done, name: None) -> list[Check]:
    """Every check, one after the other; one that cannot be made is a failure and does not stop the others, except that
    nothing can be asked of a database that does not answer."""
    found: list[Check] = []
    for number, (name, check) in enumerate(CHECKS):
        progress(number, name)
        try:
            found.append(check())
        except Exception as error:  # whatever is ill, the other checks still have something to say
            found.append(failure(name, f"could not be checked: {first_line(error)}", "Repair this or what is above."))
            if not _answers():
                break
    return found


def _answers() -> bool:
    try:
        connection.ensure_connection()
        return bool(connection.is_usable())
    except DatabaseError:
        return False


def first_line(error: Exception) -> str:
    """What an error says, without what it says besides."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
