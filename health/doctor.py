"""The doctor: looks at the whole installation and says of each part whether it is well, and what to do if not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, connection

from commerce_sync.outage import first_line, outage_of
from health import doctor_books as books
from health import doctor_findings as watching
from health import doctor_machine as machine
from health import doctor_work as work
from health.audit_trail import trail
from health.checkup import Check, failure
from health.doctor_bells import bells
from health.doctor_interfaces import interfaces
from health.doctor_reconciled import reconciliation
from health.doctor_sealed import former_keys
from health.doctor_webhooks import webhooks

# (name, check), in the order in which a person would look. Everything after the first needs the database.
CHECKS: Final[tuple[tuple[str, Callable[[], Check]], ...]] = (
    ("database", machine.database),
    ("migrations", machine.migrations),
    ("guards", machine.guards),
    ("audit trail", trail),
    ("home", machine.home),
    ("encryption", machine.encryption),
    ("credentials", machine.credentials),
    ("former keys", former_keys),
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
            found.append(unmade(name, error))
            if not _answers():
                break
    return found


def _answers() -> bool:
    try:
        connection.ensure_connection()
        return bool(connection.is_usable())
    except DatabaseError:
        return False


def unmade(name: str, error: Exception) -> Check:
    """A check that could not be made, with what to do about an outage of the database."""
    outage = outage_of(error)
    said = f"{outage.said[:1].lower()}{outage.said[1:-1]}: " if outage else "could not be checked: "
    return failure(name, said + first_line(error), outage.todo if outage else "Repair this or what is above.")
