"""What people do with findings, and partners told of findings where they open and close."""

from __future__ import annotations

from django.conf import settings
from django.db import migrations, models

from health.migrations import sql


class Migration(migrations.Migration):
    dependencies = [
        ("health", "0004_alerts"),
        ("ledger", "0006_explaining"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="assigned_to",
            field=models.CharField(blank=True, db_default="", default="", max_length=200),
        ),
        migrations.AddField(
            model_name="finding",
            name="ignored_until",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="finding",
            name="retried_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="findingevent",
            name="is_internal",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name="findingevent",
            name="what",
            field=models.CharField(
                choices=[
                    ("assigned", "Assigned"),
                    ("released", "Released"),
                    ("commented", "Commented"),
                    ("escalated", "Escalated"),
                    ("retried", "Retried"),
                    ("resolved", "Resolved"),
                    ("ignored", "Ignored"),
                    ("reopened", "Reopened"),
                ],
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["partner", "-id"], name="finding_partner"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("escalated_at__isnull", True), ("severity", "error"), ("state", "open")),
                fields=["opened_at"],
                name="finding_unattended",
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("ignored_until__isnull", False)),
                fields=["ignored_until"],
                name="finding_ignored_until",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "assigned"), _negated=True),
                    models.Q(("assigned_to", ""), _negated=True),
                    _connector="OR",
                ),
                name="finding_assigned_says_to_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "ignored"), ("ignored_until__isnull", True), _connector="OR"),
                name="finding_until_is_of_ignored",
            ),
        ),
        migrations.RunSQL(sql.read("finding_hearing.sql"), reverse_sql=sql.read("no_finding_hearing.sql")),
    ]
