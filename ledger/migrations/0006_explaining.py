from __future__ import annotations

import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("ledger", "0005_listing")]
    operations = [
        migrations.AddIndex(
            model_name="document",
            index=models.Index(
                django.db.models.functions.comparison.Cast(
                    models.Func(
                        models.F("key"),
                        template="overlay(overlay(md5(%(expressions)s) placing '8' from 13) placing '8' from 17)",
                    ),
                    models.UUIDField(),
                ),
                name="document_by_public_id",
            ),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(
                condition=models.Q(("posting__isnull", False)), fields=["posting"], name="standing_of_posting"
            ),
        ),
    ]
