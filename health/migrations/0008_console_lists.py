"""Indexes of the lists of the console."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("health", "0007_looking_closer"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(condition=models.Q(("state", "failed")), fields=["-id"], name="webhook_delivery_failed"),
        ),
    ]
