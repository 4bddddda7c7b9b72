"""Triggers, functions and storage of the connectors' tables (see sql/)."""

from __future__ import annotations

from django.db import migrations

from connectors.migrations import sql


class Migration(migrations.Migration):
    dependencies = [("connectors", "0001_initial"), ("ledger", "0002_guards")]
    operations = [
        migrations.RunSQL(sql.read(name), reverse_sql=migrations.RunSQL.noop)
        for name in ("books.sql", "delivery.sql", "pages.sql")
    ]
