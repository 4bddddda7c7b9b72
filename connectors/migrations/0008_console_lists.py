"""Indexes of the lists of the console."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0007_read_back"),
        ("ledger", "0007_console_lists"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="call",
            index=models.Index(fields=["platform", "-started_at"], name="call_of_platform"),
        ),
        migrations.AddIndex(
            model_name="call",
            index=models.Index(
                condition=models.Q(("failure", ""), _negated=True), fields=["-started_at"], name="call_failed"
            ),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(fields=["platform", "-id"], name="connection_by_platform"),
        ),
        migrations.AddIndex(
            model_name="connection",
            index=models.Index(fields=["status", "-id"], name="connection_by_status"),
        ),
        migrations.AddIndex(
            model_name="pushitem",
            index=models.Index(
                condition=models.Q(("state__in", ["refused", "unknown", "waiting", "removed"])),
                fields=["-document"],
                name="push_item_newest_troubled",
            ),
        ),
        migrations.AddIndex(
            model_name="pushitem",
            index=models.Index(
                condition=models.Q(("state__in", ["refused", "unknown", "waiting", "removed"])),
                fields=["state", "-document"],
                name="push_item_troubled",
            ),
        ),
    ]
