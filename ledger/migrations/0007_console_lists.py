"""Indexes of the lists of the console."""

from __future__ import annotations

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0006_explaining"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditentry",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="audit",
                to="ledger.company",
            ),
        ),
        migrations.AlterField(
            model_name="problemrow",
            name="company",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="problems",
                to="ledger.company",
            ),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["code", "-id"], name="audit_by_code"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["company", "-id"], name="audit_of_company"),
        ),
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(
                condition=models.Q(("subject", ""), _negated=True), fields=["subject", "-id"], name="audit_by_subject"
            ),
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(fields=["name", "id"], name="company_by_name"),
        ),
        migrations.AddIndex(
            model_name="company",
            index=models.Index(fields=["partner", "name", "id"], name="company_of_partner_by_name"),
        ),
        migrations.AddIndex(
            model_name="company",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector("name", config="simple"), name="company_by_words"
            ),
        ),
        migrations.AddIndex(
            model_name="document",
            index=models.Index(fields=["reference"], name="document_by_reference"),
        ),
        migrations.AddIndex(
            model_name="problemrow",
            index=models.Index(condition=models.Q(("resolved_at__isnull", True)), fields=["-id"], name="problem_open"),
        ),
        migrations.AddIndex(
            model_name="problemrow",
            index=models.Index(
                condition=models.Q(("resolved_at__isnull", True)), fields=["code", "-id"], name="problem_open_by_code"
            ),
        ),
        migrations.AddIndex(
            model_name="problemrow",
            index=models.Index(fields=["company", "-id"], name="problem_of_company"),
        ),
    ]
