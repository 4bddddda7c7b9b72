"""Undo of syncs and postings, and runs that only deliver."""

from __future__ import annotations

import uuid

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

OPEN, FINAL = ["requested", "running"], ["done", "failed"]
PROTECT = django.db.models.deletion.PROTECT
FAILURE = {"failure_code": 40, "failure_sentence": 500, "failure_remedy": 500, "failure_turn": 10}


class Migration(migrations.Migration):
    dependencies = [("commerce_sync", "0003_partner_api"), ("connectors", "0003_voiding"), ("ledger", "0004_undo")]
    operations = [
        migrations.AlterField(
            model_name="sync",
            name="trigger",
            field=models.CharField(
                choices=[
                    (each, each.capitalize())
                    for each in ("schedule", "hourly", "event", "request", "historic", "retry", "undo")
                ],
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="Undo",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "state",
                    models.CharField(
                        choices=[(each, each.capitalize()) for each in OPEN + FINAL], default="requested", max_length=9
                    ),
                ),
                ("plan", models.JSONField()),
                ("actor", models.CharField(max_length=200)),
                ("requested_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(blank=True, null=True)),
                *((name, models.CharField(blank=True, max_length=size)) for name, size in FAILURE.items()),
                ("redone_at", models.DateTimeField(blank=True, null=True)),
                ("redone_by", models.CharField(blank=True, max_length=200)),
                (
                    "company",
                    models.ForeignKey(db_index=False, on_delete=PROTECT, related_name="undos", to="ledger.company"),
                ),
                (
                    "posting",
                    models.ForeignKey(blank=True, null=True, on_delete=PROTECT, related_name="+", to="ledger.posting"),
                ),
                (
                    "redo_run",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=PROTECT, related_name="+", to="commerce_sync.sync"
                    ),
                ),
                (
                    "run",
                    models.OneToOneField(on_delete=PROTECT, related_name="undo", to="commerce_sync.sync"),
                ),
                (
                    "sync",
                    models.ForeignKey(
                        blank=True, null=True, on_delete=PROTECT, related_name="+", to="commerce_sync.sync"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["company", "-id"], name="undo_of_company")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=Q(("finished_at__isnull", True)), fields=("company",), name="undo_one_unfinished"
                    ),
                    models.CheckConstraint(
                        condition=Q(("finished_at__isnull", True), ("state__in", OPEN))
                        | Q(("finished_at__isnull", False), ("state__in", FINAL)),
                        name="undo_finished_iff_final_state",
                    ),
                    models.CheckConstraint(
                        condition=Q(("posting__isnull", False), ("sync__isnull", True))
                        | Q(("posting__isnull", True), ("sync__isnull", False)),
                        name="undo_of_one_thing",
                    ),
                    models.CheckConstraint(
                        condition=Q(("state", "failed"), _negated=True) | Q(("failure_code", ""), _negated=True),
                        name="undo_failed_says_why",
                    ),
                    models.CheckConstraint(
                        condition=Q(("redone_at__isnull", True)) | Q(("state", "done")), name="undo_redone_was_done"
                    ),
                ],
            },
        ),
    ]
