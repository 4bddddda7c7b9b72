"""Findings, what people do with them, who works at the console, and the triggers that ask for a look."""

from __future__ import annotations

import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models

from health.migrations import sql


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("health", "0001_initial"),
        ("ledger", "0006_explaining"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Lookout",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("company_id", models.BigIntegerField(db_index=True)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Watched",
            fields=[
                (
                    "company",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="watched",
                        serialize=False,
                        to="ledger.company",
                    ),
                ),
                ("looked_at", models.DateTimeField()),
                ("nightly_at", models.DateTimeField(blank=True, db_index=True, null=True)),
            ],
            options={
                "verbose_name_plural": "watched",
            },
        ),
        migrations.CreateModel(
            name="Finding",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("code", models.CharField(max_length=40)),
                ("subject", models.CharField(max_length=200)),
                ("root", models.CharField(max_length=200)),
                (
                    "severity",
                    models.CharField(
                        choices=[("error", "error"), ("warning", "warning"), ("notice", "notice")], max_length=7
                    ),
                ),
                ("turn", models.CharField(max_length=8)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Open"),
                            ("assigned", "Assigned"),
                            ("resolved", "Resolved"),
                            ("ignored", "Ignored"),
                        ],
                        default="open",
                        max_length=8,
                    ),
                ),
                ("day", models.DateField(blank=True, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("amount", models.BigIntegerField(blank=True, null=True)),
                ("count", models.IntegerField(default=1)),
                ("params", models.JSONField(default=dict)),
                ("causes", models.JSONField(default=list)),
                ("digest", models.BinaryField()),
                ("escalated_at", models.DateTimeField(blank=True, null=True)),
                ("opened_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("seen_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("resolved_at", models.DateTimeField(blank=True, null=True)),
                ("resolved_by", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=500)),
                (
                    "assignee",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="findings",
                        to="ledger.company",
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.partner",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="FindingEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("assigned", "Assigned"),
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
                ("actor", models.CharField(max_length=200)),
                ("words", models.CharField(blank=True, max_length=2000)),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                (
                    "finding",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="health.finding",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Member",
            fields=[
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        serialize=False,
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("support", "Support"),
                            ("finance", "Finance"),
                            ("engineer", "Engineer"),
                            ("administrator", "Administrator"),
                        ],
                        max_length=13,
                    ),
                ),
                (
                    "partner",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.partner",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(condition=models.Q(("resolved_at__isnull", True)), fields=["-id"], name="finding_queue"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=["partner", "-id"],
                name="finding_partner_queue",
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["code", "root", "-id"], name="finding_root"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(fields=["company", "-id"], name="finding_company"),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("state", "assigned")), fields=["assignee", "-id"], name="finding_assigned"
            ),
        ),
        migrations.AddIndex(
            model_name="finding",
            index=models.Index(
                condition=models.Q(("resolved_at__isnull", False)), fields=["-resolved_at"], name="finding_resolved"
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at__isnull", True)),
                fields=("company", "partner", "code", "subject"),
                name="finding_is_open_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__in", ("error", "warning", "notice"))), name="finding_severity_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("resolved_at__isnull", False),
                        ("state", "resolved"),
                        models.Q(("resolved_by", ""), _negated=True),
                    ),
                    models.Q(
                        ("resolved_at__isnull", True),
                        ("resolved_by", ""),
                        ("state__in", ["open", "assigned", "ignored"]),
                    ),
                    _connector="OR",
                ),
                name="finding_resolved_says_by_whom",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ignored"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="finding_ignored_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="finding",
            constraint=models.CheckConstraint(condition=models.Q(("root", ""), _negated=True), name="finding_has_root"),
        ),
        migrations.AddIndex(
            model_name="findingevent",
            index=models.Index(fields=["finding", "id"], name="finding_event_log"),
        ),
        migrations.AddConstraint(
            model_name="findingevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("actor", ""), _negated=True), name="finding_event_has_actor"
            ),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["support", "finance", "engineer", "administrator"])),
                name="member_role_known",
            ),
        ),
        migrations.RunSQL(sql.read("looking.sql"), reverse_sql=sql.read("no_looking.sql")),
    ]
