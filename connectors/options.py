"""What there is to choose from at a company's accounting software: fetched, kept as rows, read.

The built-in books are asked each time, which costs two queries. Any other platform is asked when what we keep is older
than `FRESH`; what has disappeared there is kept as inactive, because mappings and old documents still name it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from psycopg.types.json import Jsonb

from connectors import registry
from connectors.errors import NotAuthorized
from connectors.http import open_door
from connectors.models import Connection
from connectors.models import Option as OptionRow
from connectors.platform import AccountingPlatform
from connectors.services import deauthorize
from connectors.session import CompanyFacts, Option, Session
from ledger import sql
from ledger.models import Company
from ledger.money import EXPONENTS
from ledger.services import audit, now

FRESH: Final = timedelta(minutes=15)
"""So old may what is known of a platform's options be when a configuration is saved or a sync begins."""

COMPANY_NAME: Final = "company_name"
BASE_CURRENCY: Final = "base_currency"
"""The connection's settings that keep what the company is called in its accounting software, and its currency there."""

LOCKED_THROUGH: Final = "locked_through"
"""The setting that keeps the last day that was closed there when it was asked last, as an ISO date; "" for none."""

_KEEP: Final = """
    INSERT INTO connectors_option (connection_id, fetched_at, kind, external_id, code, name, type, currency, active,
        detail)
    SELECT %s, %s, * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[], %s::bool[],
        %s::jsonb[])
    ON CONFLICT (connection_id, kind, external_id) DO UPDATE SET fetched_at = excluded.fetched_at,
        code = excluded.code, name = excluded.name, type = excluded.type, currency = excluded.currency,
        active = excluded.active, detail = excluded.detail
"""


def refresh_options(connection: Connection) -> int:
    """Fetch what can be chosen, and what the company is called and keeps its books in; how many options there are.

    Raises a `Failure`; an access that is refused makes the connection Deauthorized. Not to be called inside a
    transaction, unless the platform is local.
    """
    platform = registry.accounting(connection.platform)
    if platform.local:
        session = Session(connection.pk, connection.company_id, connection.settings)
        return _fetched(connection, platform, session)
    with open_door(connection, platform) as door:
        session = Session(connection.pk, connection.company_id, connection.settings, door)
        try:
            return _fetched(connection, platform, session)
        except NotAuthorized as failure:
            deauthorize(connection_id=connection.pk, actor="options", reason=str(failure))
            raise


def _fetched(connection: Connection, platform: AccountingPlatform, session: Session) -> int:
    facts, found = platform.facts(session), platform.options(session)
    with transaction.atomic():
        if not platform.local:  # our own books know what the company says of itself
            note_facts(connection=connection, facts=facts)
        return keep_options(connection_id=connection.pk, found=found)


@transaction.atomic
def keep_options(*, connection_id: int, found: Sequence[Option]) -> int:
    """Make the kept options what was ``found`` now; what is no longer there becomes inactive. How many there are."""
    at = now()
    unique = {(option.kind, option.id): option for option in found if option.id}
    columns: list[list[Any]] = [
        [option.kind for option in unique.values()],
        [option.id for option in unique.values()],
        [option.code[:100] for option in unique.values()],
        [option.name[:400] for option in unique.values()],
        [option.type[:20] for option in unique.values()],
        [option.currency for option in unique.values()],
        [option.active for option in unique.values()],
        [Jsonb(dict(option.detail)) for option in unique.values()],
    ]
    # One after the other: two that fetched at once must not leave a mixture.
    sql.rows("SELECT 1 FROM connectors_connection WHERE id = %s FOR NO KEY UPDATE", (connection_id,))
    if unique:
        sql.execute(_KEEP, (connection_id, at, *columns))
    sql.execute(
        "UPDATE connectors_option SET active = false WHERE connection_id = %s AND fetched_at < %s AND active",
        (connection_id, at),
    )
    return len(unique)


def keep_option(*, connection_id: int, option: Option) -> None:
    """Keep one more thing to choose, beside those that are kept."""
    row = [[option.kind], [option.id], [option.code[:100]], [option.name[:400]], [option.type[:20]]]
    sql.execute(_KEEP, (connection_id, now(), *row, [option.currency], [option.active], [Jsonb(dict(option.detail))]))


@transaction.atomic
def note_facts(*, connection: Connection, facts: CompanyFacts) -> None:
    """Keep the company's name there; until it has a book, the company's currency is that of its accounting software."""
    told = {name: value for name, value in facts.settings.items() if not connection.settings.get(name)}
    told |= {COMPANY_NAME: facts.name, BASE_CURRENCY: facts.base_currency}
    told = {name: value for name, value in told.items() if value}
    told[LOCKED_THROUGH] = facts.lock_through.isoformat() if facts.lock_through else ""  # a lock may be lifted
    if any(connection.settings.get(name, "") != value for name, value in told.items()):
        held = Connection.objects.select_for_update().get(pk=connection.pk)
        connection.settings = {**held.settings, **told}
        Connection.objects.filter(pk=connection.pk).update(settings=connection.settings)
    company = Company.objects.select_for_update(no_key=True).get(pk=connection.company_id)
    wanted = facts.base_currency
    if wanted == company.currency or wanted not in EXPONENTS or company.book_versions.exists():
        return
    before, company.currency = company.currency, wanted
    company.save(update_fields=["currency"])
    audit(
        code="company.changed", actor="accounting software", company=company,
        detail={"fields": ["currency"], "before": before, "after": wanted},
    )  # fmt: skip


def locked_through(connection: Connection) -> date | None:
    """The last day that is closed there: of local books as it is now, else as it was when they were asked last."""
    platform = registry.accounting(connection.platform)
    if platform.local:
        return platform.facts(Session(connection.pk, connection.company_id, connection.settings)).lock_through
    kept = connection.settings.get(LOCKED_THROUGH, "")
    return date.fromisoformat(kept) if kept else None


def options_of(connection: Connection, session: Session | None = None) -> list[Option]:
    """What can be chosen, inactive things too: of local books as it is now, else as it was kept last."""
    platform = registry.accounting(connection.platform)
    if platform.local:
        return platform.options(session or Session(connection.pk, connection.company_id, connection.settings))
    return [_option(row) for row in OptionRow.objects.filter(connection=connection).order_by("code", "name", "id")]


def kept_accounts(connection_id: int) -> dict[str, Option]:
    """The accounts of other platforms than our own books, by their ids, as they were kept last."""
    rows = OptionRow.objects.filter(connection_id=connection_id, kind="account")
    return {row.external_id: _option(row) for row in rows}


def current_options(platform: AccountingPlatform, session: Session, at: datetime) -> list[Option]:
    """What can be chosen, for somebody who is in a session with the platform already. Raises a `Failure`.

    Fetched, and kept, when what we have is older than `FRESH`.
    """
    if platform.local:
        return platform.options(session)
    if _is_stale(session.connection_id, at):
        keep_options(connection_id=session.connection_id, found=platform.options(session))
    return [_option(row) for row in OptionRow.objects.filter(connection_id=session.connection_id)]


def ensure_fresh(connection: Connection, at: datetime) -> None:
    """`refresh_options` when what is kept is older than `FRESH`. Raises a `Failure`."""
    if not registry.accounting(connection.platform).local and _is_stale(connection.pk, at):
        refresh_options(connection)


def _is_stale(connection_id: int, at: datetime) -> bool:
    rows = OptionRow.objects.filter(connection_id=connection_id)
    fetched_at: datetime | None = rows.aggregate(at=Max("fetched_at"))["at"]
    return fetched_at is None or fetched_at < at - FRESH


def _option(row: OptionRow) -> Option:
    return Option(row.kind, row.external_id, row.name, row.code, row.type, row.currency, row.active, row.detail)
