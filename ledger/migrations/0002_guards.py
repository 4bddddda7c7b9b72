"""Triggers: what PostgreSQL itself refuses (see sql/guards.sql)."""

from __future__ import annotations

from django.db import migrations

from ledger.migrations import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial")]
    operations = [migrations.RunSQL(sql.read("guards.sql"), reverse_sql=migrations.RunSQL.noop)]
