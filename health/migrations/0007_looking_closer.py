"""What else rings for a look, an index of who is to be looked at next, and rounds that all processes share."""

from __future__ import annotations

from django.db import migrations, models

from health.migrations import sql


class Migration(migrations.Migration):
    dependencies = [
        ("health", "0006_console_security"),
        ("ledger", "0006_explaining"),
        ("connectors", "0006_resuming"),
        ("commerce_sync", "0007_brand_pictures"),
    ]

    operations = [
        migrations.CreateModel(
            name="Round",
            fields=[
                ("name", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("begun_at", models.DateTimeField()),
            ],
        ),
        migrations.RunSQL(sql.read("looking_closer.sql"), reverse_sql=sql.read("no_looking_closer.sql")),
    ]
