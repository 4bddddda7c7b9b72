"""The doctor's look at those who look: are companies watched, do alerts go out, is the console as it should be."""

from __future__ import annotations

from typing import Final

from django.conf import settings

from health.checkup import Check, failure, ok, span, warning
from ledger import sql

LATE_WARNING_SECONDS: Final = 900
LATE_FAILURE_SECONDS: Final = 3_600
UNWATCHED_SECONDS: Final = 26 * 3_600  # a look a day, and two hours for a night in which there is much to do
ENDED_SESSIONS_SECONDS: Final = 2 * 24 * 3_600
_START_WORKERS: Final = "Start `manage.py qcluster` (or `manage.py run_worker`), or more of them: they look as well."


def findings() -> Check:
    """Every watch can look, and every company has been looked at: where nobody looks, nothing is found."""
    failing = sql.rows("SELECT watch, failures, error FROM health_watchfailure ORDER BY since LIMIT 20")
    if failing:
        name, count, error = failing[0]
        others = f", and {len(failing) - 1} others" if len(failing) > 1 else ""
        remedy = "The log has the whole error. Its findings are neither opened nor closed meanwhile."
        return failure("findings", f"the watch {name} has failed {count} times{others}: {error}", remedy)
    waits, unwatched, total = sql.rows(
        """SELECT (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(at)), 0)::float8 FROM health_lookout),
               count(*) FILTER (WHERE coalesce(watched.nightly_at, company.created_at)
                   < clock_timestamp() - make_interval(secs => %s)), count(*)
           FROM ledger_company company LEFT JOIN health_watched watched ON watched.company_id = company.id""",
        (UNWATCHED_SECONDS,),
    )[0]
    if waits > LATE_WARNING_SECONDS:
        level = failure if waits > LATE_FAILURE_SECONDS else warning
        said = f"something happened {span(waits)} ago at a company that nobody has looked at since"
        return level("findings", said, _START_WORKERS)
    if unwatched:
        return warning("findings", f"{unwatched} of {total} companies were not looked at for a day", _START_WORKERS)
    opened = sql.rows("SELECT count(*) FROM health_finding WHERE resolved_at IS NULL AND severity = 'error'")[0][0]
    return ok("findings", f"every watch looks; {opened} grave ones are open")


def alerts() -> Check:
    """What is to be told is told in time, and did not fail lately."""
    waits, failed, error = sql.rows(
        """SELECT (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(next_at)), 0)::float8 FROM health_alert
                   WHERE state = 'waiting'), count(*), max(error)
           FROM health_alert WHERE state = 'failed' AND ended_at > clock_timestamp() - interval '1 day'"""
    )[0]
    if failed:
        remedy = "Correct the address or the mail server (COMMERCE_SYNC_EMAIL_URL); the console says why."
        return warning("alerts", f"{failed} of the last day could not be sent: {error}", remedy)
    if waits > LATE_WARNING_SECONDS:
        level = failure if waits > LATE_FAILURE_SECONDS else warning
        return level("alerts", f"the oldest waits for {span(waits)}", _START_WORKERS)
    return ok("alerts", "all are sent")


def console() -> Check:
    """Who may log in has a second factor where one is required, and what ended is cleaned up."""
    staff, without, superusers, left = sql.rows(
        """SELECT count(*), count(*) FILTER (WHERE device.id IS NULL), count(*) FILTER (WHERE person.is_superuser),
               (SELECT count(*) FROM django_session WHERE expire_date < clock_timestamp() - make_interval(secs => %s))
           FROM auth_user person
           LEFT JOIN health_authenticator device ON device.user_id = person.id AND device.confirmed
           WHERE person.is_staff AND person.is_active""",
        (ENDED_SESSIONS_SECONDS,),
    )[0]
    if left:
        said = f"{left} sessions that ended days ago are still there: nobody cleans up"
        return warning("console", said, _START_WORKERS)
    said = f"{staff} people may log in, {superusers} of them to everything; {without} have no second factor"
    if without and settings.COMMERCE_SYNC_STAFF_SECOND_FACTOR:
        remedy = "They are asked to set one up at their next log-in; disable who does not need the console."
        return warning("console", said, remedy)
    return ok("console", said)
