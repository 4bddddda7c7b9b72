from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("commerce_sync", "0004_undo"),
    ]

    operations = [
        migrations.CreateModel(
            name="ListMark",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "list_key", "position", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("list_key", models.BinaryField(max_length=16)),
                ("position", models.BigIntegerField()),
                ("at", models.DateTimeField()),
                ("record", models.BigIntegerField()),
                ("total", models.BigIntegerField(null=True)),
                ("made_at", models.DateTimeField()),
            ],
            options={"db_table": "commerce_sync_listmark"},
        ),
        # Hints with a life of minutes: not worth a line of the write-ahead log.
        migrations.RunSQL("ALTER TABLE commerce_sync_listmark SET UNLOGGED", migrations.RunSQL.noop),
    ]
