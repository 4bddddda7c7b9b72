"""Undo: records that are set aside, documents that were voided, postings that take another one back."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models

from ledger.migrations import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_company_details")]
    operations = [
        migrations.AlterField(
            model_name="standing",
            name="state",
            field=models.SmallIntegerField(
                choices=[
                    (0, "Pending"),
                    (1, "In Books"),
                    (2, "Left"),
                    (3, "Problem"),
                    (4, "Overtaken"),
                    (5, "Set Aside"),
                ],
                default=0,
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                condition=models.Q(("state", 5)), fields=["company", "happened_at"], name="standing_set_aside"
            ),
        ),
        migrations.AddConstraint(
            model_name="standing",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", 5), _negated=True) | models.Q(("posting__isnull", False)),
                name="standing_set_aside_names_posting",
            ),
        ),
        migrations.AddField(model_name="document", name="voided_at", field=models.DateTimeField(null=True)),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                condition=models.Q(("voided_at__isnull", True)) | models.Q(("pushed_at__isnull", False)),
                name="document_voided_was_pushed",
            ),
        ),
        migrations.AddField(
            model_name="posting",
            name="reverses",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversal",
                to="ledger.posting",
            ),
        ),
        migrations.RunSQL(sql.read("undo.sql"), reverse_sql=migrations.RunSQL.noop),
    ]
