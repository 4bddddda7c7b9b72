"""Indexes of the lists of the console, and the counts of its chart."""

from __future__ import annotations

import datetime
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.lookups
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("commerce_sync", "0008_console_indexes"),
        ("ledger", "0007_console_lists"),
    ]

    operations = [
        migrations.CreateModel(
            name="SyncDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "day", "partner", "code", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("day", models.DateField()),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="ledger.partner",
                    ),
                ),
                ("code", models.SmallIntegerField()),
                ("syncs", models.IntegerField()),
            ],
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                condition=models.Q(("failing_days__gt", 0)), fields=["-failing_days"], name="schedule_failing"
            ),
        ),
        migrations.AddIndex(
            model_name="schedule",
            index=models.Index(
                condition=models.Q(("paused_at__isnull", False)), fields=["-paused_at"], name="schedule_paused"
            ),
        ),
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(fields=["-started_at", "-id"], include=("code", "company"), name="sync_by_start"),
        ),
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(
                condition=models.Q(("code__gte", 4000)), fields=["-started_at", "-id"], name="sync_failed"
            ),
        ),
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(
                condition=models.Q(("code__gte", 4000)),
                fields=["code", "-started_at", "-id"],
                name="sync_by_failed_code",
            ),
        ),
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(
                condition=models.Q(("failure_code", ""), _negated=True),
                fields=["failure_code", "-started_at", "-id"],
                name="sync_by_failure",
            ),
        ),
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", True)), fields=["-started_at", "-id"], name="sync_unfinished"
            ),
        ),
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(
                condition=models.Q(("trigger__in", ["schedule", "hourly"]), _negated=True),
                fields=["trigger", "-started_at", "-id"],
                name="sync_by_trigger",
            ),
        ),
        migrations.AddIndex(
            model_name="sync",
            index=models.Index(
                condition=models.Q(
                    django.db.models.lookups.GreaterThan(
                        django.db.models.expressions.CombinedExpression(
                            models.F("finished_at"), "-", models.F("started_at")
                        ),
                        models.Value(datetime.timedelta(seconds=600)),
                    )
                ),
                fields=["-started_at", "-id"],
                name="sync_long",
            ),
        ),
        migrations.AddConstraint(
            model_name="syncday",
            constraint=models.CheckConstraint(condition=models.Q(("syncs__gt", 0)), name="sync_day_counts_some"),
        ),
    ]
