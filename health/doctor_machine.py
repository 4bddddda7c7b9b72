"""The doctor's look at the ground that everything stands on: database, keys, clock, disk."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from commerce_sync.checks import OLDEST_POSTGRESQL
from connectors.credentials import UnreadableCredential, current_key_id, known_key_ids, unseal
from connectors.models import Credential
from health.checkup import Check, failure, ok, warning
from ledger import sql
from ledger.home import elsewhere

SKEW_WARNING_SECONDS: Final = 2
SKEW_FAILURE_SECONDS: Final = 30
DISK_WARNING_BYTES: Final = 2 * 1024**3
DISK_FAILURE_BYTES: Final = 300 * 1024**2


def database() -> Check:
    """It answers, and is new enough."""
    version, number, size = sql.rows(
        """SELECT current_setting('server_version'), current_setting('server_version_num')::int,
               pg_size_pretty(pg_database_size(current_database()))"""
    )[0]
    if number // 10_000 < OLDEST_POSTGRESQL:
        remedy = f"Upgrade the server to {OLDEST_POSTGRESQL} or newer."
        return failure("database", f"PostgreSQL {version} is too old", remedy)
    return ok("database", f"PostgreSQL {version} answers; {size}")


def migrations() -> Check:
    """The tables are those of this code."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if plan:
        names = ", ".join(f"{migration.app_label}.{migration.name}" for migration, _ in plan[:5])
        return failure("migrations", f"{len(plan)} are not applied: {names}", "Run: manage.py migrate")
    return ok("migrations", "all applied")


def guards() -> Check:
    """What the database refuses by itself is switched on, and in production the application cannot switch it off."""
    off, owns = sql.rows(
        """SELECT coalesce(array_agg(tgname ORDER BY tgname) FILTER (WHERE tgenabled NOT IN ('O', 'A')), '{}')::text[],
               (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = 'ledger_document'::regclass)
           FROM pg_trigger WHERE NOT tgisinternal"""
    )[0]
    if off:
        remedy = "Somebody switched them off: ALTER TABLE ... ENABLE TRIGGER, then look at what was written meanwhile."
        return failure("guards", f"{len(off)} triggers are switched off: {', '.join(off[:5])}", remedy)
    if owns and settings.PRODUCTION:
        remedy = "Let it log in as a role of its own: manage.py database_role (runbook, The role in the database)."
        return warning("guards", "the application owns the tables and could switch their triggers off", remedy)
    return ok("guards", "on, and not the application's to switch off" if not owns else "on")


def home() -> Check:
    """The data are where they were when work was last allowed."""
    waiting = elsewhere()
    if waiting is None:
        return ok("home", "these data are where they belong")
    behind = f"; they know of nothing after {waiting.behind_at:%Y-%m-%d %H:%M} UTC" if waiting.behind_at else ""
    said = f"restored, copied or taken over{behind}: nothing is pulled, posted or delivered"
    return failure("home", said, "See the runbook under Backup and restore, then: manage.py resume_after_restore")


def encryption() -> Check:
    """Every key can encrypt and decrypt."""
    keys = settings.COMMERCE_SYNC_ENCRYPTION_KEYS
    try:
        for key in keys:
            Fernet(key).decrypt(Fernet(key).encrypt(b"probe"))
    except (ValueError, InvalidToken):
        remedy = "Correct COMMERCE_SYNC_ENCRYPTION_KEYS: Fernet keys, comma separated."
        return failure("encryption", "a key cannot be used", remedy)
    if not keys:
        return failure("encryption", "there is no key", "Set COMMERCE_SYNC_ENCRYPTION_KEYS.")
    return ok("encryption", f"{len(keys)} keys work" if len(keys) > 1 else "the key works")


def credential_keys() -> Check:
    """Every stored credential was encrypted with a key that is here: `credentials` without opening them all."""
    known = known_key_ids()
    lost, old = sql.rows(
        """SELECT count(*) FILTER (WHERE key_id <> ALL(%s)), count(*) FILTER (WHERE key_id <> %s)
           FROM connectors_credential""",
        (known, known[0]),
    )[0]
    if lost:
        remedy = "Put the former key back at the end of COMMERCE_SYNC_ENCRYPTION_KEYS, or connect these again."
        return failure("credentials", f"{lost} are encrypted with a key that is not here", remedy)
    if old:
        remedy = "Keep the former key until manage.py rotate_keys says that nothing is left."
        return warning("credentials", f"{old} are encrypted with a former key", remedy, "some have a former key")
    return ok("credentials", "encrypted with keys that are here")


def credentials() -> Check:
    """Every stored credential can be read with the keys that there are."""
    unreadable: list[int] = []
    old = total = 0
    newest = current_key_id()
    for row in Credential.objects.order_by("pk").iterator(chunk_size=500):
        total += 1
        old += row.key_id != newest
        try:
            unseal(row.connection_id, bytes(row.ciphertext))
        except UnreadableCredential:
            unreadable.append(row.connection_id)
    if unreadable:
        named = ", ".join(map(str, unreadable[:10]))
        remedy = "Put the former key back at the end of COMMERCE_SYNC_ENCRYPTION_KEYS, or connect these again."
        return failure("credentials", f"{len(unreadable)} of {total} cannot be read (connections {named})", remedy)
    if old:
        remedy = "Keep the former key until manage.py rotate_keys says that nothing is left."
        return warning("credentials", f"{old} of {total} are encrypted with a former key", remedy)
    return ok("credentials", f"{total} stored, all readable")


def clock() -> Check:
    """Our clock and the database's agree: due times are written with one and compared with the other."""
    before = datetime.now(UTC)
    there = sql.rows("SELECT clock_timestamp()")[0][0]
    after = datetime.now(UTC)
    skew = max((before - there).total_seconds(), (there - after).total_seconds(), 0)
    remedy = "Run a time service (chrony, systemd-timesyncd) on this host and on the database's."
    if skew > SKEW_FAILURE_SECONDS:
        return failure("clock", f"{skew:.0f} s apart from the database's", remedy, "far apart from the database's")
    if skew > SKEW_WARNING_SECONDS:
        return warning("clock", f"{skew:.1f} s apart from the database's", remedy, "seconds apart from the database's")
    return ok("clock", "agrees with the database's")


def disk() -> Check:
    """There is room where the data of this set-up lies."""
    free = shutil.disk_usage(settings.COMMERCE_SYNC_DATA_DIR).free
    said = f"{free / 1024**3:.1f} GB free under {settings.COMMERCE_SYNC_DATA_DIR}"
    remedy = "Free some space, or move COMMERCE_SYNC_DATA_DIR."
    if free < DISK_FAILURE_BYTES:
        return failure("disk", said, remedy, _less_than(DISK_FAILURE_BYTES))
    return (
        warning("disk", said, remedy, _less_than(DISK_WARNING_BYTES)) if free < DISK_WARNING_BYTES else ok("disk", said)
    )


def _less_than(limit: int) -> str:
    return f"less than {limit / 1024**3:.1f} GB are free under {settings.COMMERCE_SYNC_DATA_DIR}"
