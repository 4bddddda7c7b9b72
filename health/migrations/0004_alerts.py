"""Rules of alerts, what they have told, the messages, and where merchants want to hear of it."""

from __future__ import annotations

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


def make_rules(apps, schema_editor):
    """Ours, which may be changed or deleted: errors to support, and to merchants what they asked to be told of."""
    rules = apps.get_model("health", "AlertRule").objects
    rules.create(name="Support: errors", audience="role", role="support")
    rules.create(
        name="Engineers: the installation",
        audience="role",
        role="engineer",
        areas=["installation"],
        least_severity="warning",
    )
    rules.create(name="Merchants: what is theirs to mend", audience="merchant", least_severity="warning")


class Migration(migrations.Migration):
    dependencies = [
        ("health", "0003_reconciled_days"),
        ("ledger", "0006_explaining"),
    ]

    operations = [
        migrations.CreateModel(
            name="AlertRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=100)),
                ("enabled", models.BooleanField(default=True)),
                (
                    "audience",
                    models.CharField(
                        choices=[
                            ("role", "Our people in a role"),
                            ("partner", "The partner’s people"),
                            ("merchant", "The merchant"),
                            ("addresses", "The addresses given here"),
                        ],
                        max_length=9,
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        blank=True,
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
                    "addresses",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.EmailField(max_length=254), blank=True, default=list, size=None
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("email", "Email"), ("slack", "Slack, or what takes the same")],
                        default="email",
                        max_length=5,
                    ),
                ),
                ("sealed_url", models.BinaryField(blank=True, null=True)),
                ("key_id", models.CharField(blank=True, max_length=16)),
                (
                    "codes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=40), blank=True, default=list, size=None
                    ),
                ),
                (
                    "areas",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=12), blank=True, default=list, size=None
                    ),
                ),
                (
                    "turns",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=8), blank=True, default=list, size=None
                    ),
                ),
                (
                    "least_severity",
                    models.CharField(
                        choices=[("error", "error"), ("warning", "warning"), ("notice", "notice")],
                        default="error",
                        max_length=7,
                    ),
                ),
                ("least_count", models.PositiveIntegerField(default=1)),
                ("least_amount", models.PositiveBigIntegerField(default=0)),
                ("least_age_minutes", models.PositiveIntegerField(default=0)),
                ("calm_minutes", models.PositiveIntegerField(default=5)),
                (
                    "digest",
                    models.CharField(
                        choices=[("at_once", "At once"), ("hourly", "Once an hour"), ("daily", "Once a day")],
                        default="at_once",
                        max_length=7,
                    ),
                ),
                ("hour", models.PositiveSmallIntegerField(default=8)),
                ("zone", models.CharField(blank=True, max_length=64)),
                ("quiet_from", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("quiet_until", models.PositiveSmallIntegerField(blank=True, null=True)),
                ("looked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
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
        migrations.CreateModel(
            name="Alert",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("escalated", "Escalated"),
                            ("recovered", "Recovered"),
                            ("digest", "Digest"),
                            ("test", "Test"),
                        ],
                        max_length=9,
                    ),
                ),
                ("channel", models.CharField(max_length=5)),
                ("address", models.CharField(max_length=254)),
                ("sender", models.CharField(blank=True, max_length=200)),
                (
                    "alarms",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("subject", models.CharField(max_length=250)),
                ("text", models.TextField()),
                ("html", models.TextField(blank=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("tries", models.SmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("lease_token", models.UUIDField(blank=True, null=True)),
                ("error", models.CharField(blank=True, max_length=500)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                (
                    "rule",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="alerts",
                        to="health.alertrule",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Alarm",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("code", models.CharField(max_length=40)),
                ("root", models.CharField(max_length=200)),
                ("rank", models.SmallIntegerField()),
                ("count", models.IntegerField()),
                (
                    "news",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Nothing"),
                            ("opened", "Opened"),
                            ("escalated", "Escalated"),
                            ("still", "Still"),
                            ("recovered", "Recovered"),
                        ],
                        max_length=9,
                    ),
                ),
                ("tell_at", models.DateTimeField(blank=True, null=True)),
                ("opened_at", models.DateTimeField()),
                ("told_at", models.DateTimeField(blank=True, null=True)),
                ("gone_at", models.DateTimeField(blank=True, null=True)),
                ("over_at", models.DateTimeField(blank=True, null=True)),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
                (
                    "rule",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="alarms",
                        to="health.alertrule",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CompanyContact",
            fields=[
                (
                    "company",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="contact",
                        serialize=False,
                        to="ledger.company",
                    ),
                ),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("locale", models.CharField(max_length=5)),
                (
                    "wants",
                    models.CharField(
                        choices=[("nothing", "Nothing"), ("at_once", "At Once"), ("daily", "Daily")],
                        default="nothing",
                        max_length=7,
                    ),
                ),
                ("updated_at", models.DateTimeField()),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("locale__in", ["en-us", "fr-fr", "fr-ca"])), name="contact_locale_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("wants", "nothing"),
                            models.Q(("wants__in", ["at_once", "daily"]), models.Q(("email", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="contact_wants_have_address",
                    ),
                ],
            },
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.UniqueConstraint(
                fields=("partner", "name"), name="alert_rule_name_once", nulls_distinct=False
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("audience__in", ["role", "partner", "merchant", "addresses"]),
                    ("channel__in", ["email", "slack"]),
                    ("digest__in", ["at_once", "hourly", "daily"]),
                    ("least_severity__in", ("error", "warning", "notice")),
                ),
                name="alert_rule_words_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("audience", "role"), ("partner__isnull", True), models.Q(("role", ""), _negated=True)),
                    ("audience", "partner"),
                    models.Q(("audience__in", ["merchant", "addresses"]), ("role", "")),
                    _connector="OR",
                ),
                name="alert_rule_role_fits",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("addresses__len__gt", 0), ("audience", "addresses"), ("channel", "email")),
                    models.Q(("addresses__len", 0), ("audience", "addresses"), ("channel", "slack")),
                    models.Q(
                        models.Q(("audience", "addresses"), _negated=True), ("addresses__len", 0), ("channel", "email")
                    ),
                    _connector="OR",
                ),
                name="alert_rule_leads_somewhere",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("channel", "slack"), ("sealed_url__isnull", False), models.Q(("key_id", ""), _negated=True)
                    ),
                    models.Q(("channel", "email"), ("key_id", ""), ("sealed_url__isnull", True)),
                    _connector="OR",
                ),
                name="alert_rule_slack_has_address",
            ),
        ),
        migrations.AddConstraint(
            model_name="alertrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("hour__lte", 23),
                    ("least_count__gte", 1),
                    models.Q(
                        models.Q(("quiet_from__isnull", True), ("quiet_until__isnull", True)),
                        models.Q(
                            ("quiet_from__isnull", False),
                            ("quiet_from__lte", 23),
                            ("quiet_until__isnull", False),
                            ("quiet_until__lte", 23),
                            models.Q(("quiet_from", models.F("quiet_until")), _negated=True),
                        ),
                        _connector="OR",
                    ),
                ),
                name="alert_rule_hours_exist",
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["next_at", "id"], name="alert_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(condition=models.Q(("state", "sending")), fields=["lease_until"], name="alert_sending"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(condition=models.Q(("state", "failed")), fields=["-id"], name="alert_failed"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["partner", "-id"], name="alert_partner_log"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["company", "-id"], name="alert_company_log"),
        ),
        migrations.AddIndex(
            model_name="alert",
            index=models.Index(fields=["created_at"], name="alert_age"),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("lease_token__isnull", True),
                        ("lease_until__isnull", True),
                        ("next_at__isnull", False),
                        ("state", "waiting"),
                    ),
                    models.Q(
                        ("lease_token__isnull", False),
                        ("lease_until__isnull", False),
                        ("next_at__isnull", True),
                        ("state", "sending"),
                    ),
                    models.Q(
                        ("lease_token__isnull", True),
                        ("lease_until__isnull", True),
                        ("next_at__isnull", True),
                        ("state__in", ["sent", "failed"]),
                    ),
                    _connector="OR",
                ),
                name="alert_state_is_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", True), ("state__in", ["waiting", "sending"])),
                    models.Q(("ended_at__isnull", False), ("state__in", ["sent", "failed"])),
                    _connector="OR",
                ),
                name="alert_ended_at",
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("error", ""), _negated=True),
                    _connector="OR",
                ),
                name="alert_failed_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(
                condition=models.Q(("news", ""), _negated=True), fields=["rule", "tell_at"], name="alarm_news"
            ),
        ),
        migrations.AddIndex(
            model_name="alarm",
            index=models.Index(condition=models.Q(("over_at__isnull", False)), fields=["over_at"], name="alarm_over"),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.UniqueConstraint(
                condition=models.Q(("over_at__isnull", True)),
                fields=("rule", "code", "root", "partner", "company"),
                name="alarm_lasts_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.CheckConstraint(
                condition=models.Q(("news__in", ["", "opened", "escalated", "still", "recovered"])),
                name="alarm_news_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="alarm",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("news", "recovered"), _negated=True),
                    models.Q(("over_at__isnull", False), ("told_at__isnull", False)),
                    _connector="OR",
                ),
                name="alarm_recovery_was_told_of",
            ),
        ),
        migrations.RunPython(make_rules, migrations.RunPython.noop),
    ]
