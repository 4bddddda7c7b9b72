from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0004_undo"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="recordrow",
            index=models.Index(
                fields=["source", "received_at", "id"],
                condition=models.Q(("deleted", False), ("kind", "order"), ("superseded", False)),
                name="record_orders_listed",
            ),
        ),
        migrations.AddIndex(
            model_name="recordrow",
            index=models.Index(
                fields=["source", "kind", "received_at", "id"],
                condition=models.Q(
                    ("deleted", False), ("superseded", False), models.Q(("kind", "order"), _negated=True)
                ),
                name="record_others_listed",
            ),
        ),
        # Goods brought back without a sale that they belong to: told by the canonical body alone, and few among many
        # refunds. Here and not in the model's state, which knows no conditions on bytes.
        migrations.RunSQL(
            """CREATE INDEX record_returns_listed ON ledger_record (source_id, received_at, id)
               WHERE NOT superseded AND NOT deleted AND kind = 'refund'
                   AND position('"order_id":"",'::bytea IN body) > 0 AND position('"number":"'::bytea IN body) > 0""",
            "DROP INDEX record_returns_listed",
        ),
    ]
