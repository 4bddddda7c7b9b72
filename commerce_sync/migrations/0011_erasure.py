"""Erasures: what was asked to be forgotten, and that it was."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("commerce_sync", "0010_bell_guard"), ("ledger", "0008_home")]
    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("kind", models.CharField(choices=[("person", "Person"), ("company", "Company")], max_length=7)),
                ("texts", models.JSONField(default=list)),
                ("reason", models.CharField(max_length=500)),
                ("actor", models.CharField(max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("at_page", models.BigIntegerField(default=0)),
                ("counts", models.JSONField(default=dict)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="erasures",
                        to="ledger.company",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("finished_at__isnull", True)), fields=["id"], name="erasure_open"),
                    models.Index(fields=["company", "-id"], name="erasure_of_company"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "company"), ("texts", [])),
                            models.Q(("finished_at__isnull", False), ("kind", "person"), ("texts", [])),
                            models.Q(
                                ("finished_at__isnull", True),
                                ("kind", "person"),
                                models.Q(("texts", []), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="erasure_names_persons_while_it_lasts",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("reason", ""), _negated=True), models.Q(("actor", ""), _negated=True)
                        ),
                        name="erasure_says_why_and_who",
                    ),
                ],
            },
        )
    ]
