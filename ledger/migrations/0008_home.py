"""Where the data are, so that a restored database is known as one; records that may lose what they say of a person."""

from __future__ import annotations

from django.db import migrations, models

from ledger.migrations import sql


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_console_lists")]
    operations = [
        migrations.CreateModel(
            name="Home",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.CharField(max_length=60)),
                ("noticed_at", models.DateTimeField()),
                ("behind_at", models.DateTimeField(null=True)),
                ("opened_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("opened_at__isnull", True)), fields=("place",), name="home_is_awaited_once"
                    ),
                    models.CheckConstraint(condition=models.Q(("place", ""), _negated=True), name="home_has_place"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("opened_at__isnull", True),
                            ("opened_at__gte", models.F("noticed_at")),
                            _connector="OR",
                        ),
                        name="home_is_opened_after",
                    ),
                ],
            },
        ),
        migrations.AddField(model_name="recordrow", name="erased_at", field=models.DateTimeField(null=True)),
        migrations.RunSQL(sql.read("home.sql"), reverse_sql=migrations.RunSQL.noop),
    ]
