"""Deliveries that are taken back at the platform."""

from __future__ import annotations

from django.db import migrations, models

from connectors.migrations import sql

STATES = ["prepared", "sending", "pushed", "refused", "waiting", "unknown", "removed", "voiding", "voided"]
BOUND = ["pushed", "removed", "voiding", "voided"]


class Migration(migrations.Migration):
    dependencies = [("connectors", "0002_guards"), ("ledger", "0004_undo")]
    operations = [
        migrations.AlterField(
            model_name="pushitem",
            name="state",
            field=models.CharField(
                choices=[(state, state.capitalize()) for state in STATES], default="prepared", max_length=8
            ),
        ),
        migrations.RemoveConstraint(model_name="pushitem", name="push_item_state_known"),
        migrations.AddConstraint(
            model_name="pushitem",
            constraint=models.CheckConstraint(condition=models.Q(("state__in", STATES)), name="push_item_state_known"),
        ),
        migrations.RemoveConstraint(model_name="pushitem", name="push_item_pushed_has_binding"),
        migrations.AddConstraint(
            model_name="pushitem",
            constraint=models.CheckConstraint(
                condition=models.Q(("binding__isnull", False), ("state__in", BOUND))
                | models.Q(models.Q(("state__in", BOUND), _negated=True), ("binding__isnull", True)),
                name="push_item_pushed_has_binding",
            ),
        ),
        migrations.AddField(model_name="binding", name="voided_at", field=models.DateTimeField(blank=True, null=True)),
        migrations.RunSQL(sql.read("voiding.sql"), reverse_sql=migrations.RunSQL.noop),
    ]
