import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0004_webhooks"),
        ("ledger", "0006_explaining"),
    ]

    operations = [
        migrations.CreateModel(
            name="PurchaseOrder",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("reference", models.CharField(max_length=20)),
                ("supplier", models.CharField(max_length=200)),
                ("currency", models.CharField(max_length=3)),
                ("ordered_on", models.DateField()),
                ("lines", models.JSONField()),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("prepared", "Prepared"),
                            ("sending", "Sending"),
                            ("pushed", "Pushed"),
                            ("refused", "Refused"),
                            ("waiting", "Waiting"),
                            ("unknown", "Unknown"),
                        ],
                        default="prepared",
                        max_length=8,
                    ),
                ),
                ("attempts", models.IntegerField(default=0)),
                ("claimed_at", models.DateTimeField(blank=True, null=True)),
                ("deadline_at", models.DateTimeField(blank=True, null=True)),
                ("waits_until", models.DateTimeField(blank=True, null=True)),
                ("remote_id", models.CharField(blank=True, max_length=200)),
                ("url", models.CharField(blank=True, max_length=1000)),
                ("failure_code", models.CharField(blank=True, max_length=40)),
                ("failure_sentence", models.CharField(blank=True, max_length=500)),
                ("failure_remedy", models.CharField(blank=True, max_length=500)),
                ("failure_turn", models.CharField(blank=True, max_length=10)),
                ("created_at", models.DateTimeField()),
                ("updated_at", models.DateTimeField()),
                (
                    "company",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="purchase_orders", to="ledger.company"
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="purchase_orders",
                        to="connectors.connection",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StockLevel",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("item_id", models.CharField(max_length=200)),
                ("location_id", models.CharField(blank=True, max_length=200)),
                ("product_id", models.CharField(blank=True, max_length=400)),
                ("sku", models.CharField(blank=True, max_length=400)),
                ("name", models.CharField(blank=True, max_length=400)),
                ("on_hand", models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ("counted_at", models.DateTimeField(blank=True, null=True)),
                ("threshold", models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ("threshold_at", models.DateTimeField(blank=True, null=True)),
                ("unit_cost", models.BigIntegerField(blank=True, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("cost_at", models.DateTimeField(blank=True, null=True)),
                ("low_since", models.DateTimeField(blank=True, null=True)),
                ("changed_at", models.DateTimeField()),
                (
                    "connection",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stock_levels",
                        to="connectors.connection",
                    ),
                ),
                (
                    "ordered_in",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="levels",
                        to="connectors.purchaseorder",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StockRule",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("item_id", models.CharField(blank=True, max_length=200)),
                ("threshold", models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ("reorder_quantity", models.DecimalField(blank=True, decimal_places=6, max_digits=20, null=True)),
                ("supplier", models.CharField(blank=True, max_length=200)),
                ("account", models.CharField(blank=True, max_length=200)),
                ("unit_cost", models.BigIntegerField(blank=True, null=True)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("drafts_orders", models.BooleanField(default=False)),
                ("changed_by", models.CharField(blank=True, max_length=100)),
                ("changed_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stock_rules",
                        to="ledger.company",
                    ),
                ),
                (
                    "connection",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="stock_rules",
                        to="connectors.connection",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="purchaseorder",
            index=models.Index(
                condition=models.Q(("state__in", ["pushed", "refused"]), _negated=True),
                fields=["connection", "id"],
                name="purchase_order_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="purchaseorder",
            constraint=models.UniqueConstraint(
                fields=("connection", "reference"), name="purchase_order_reference_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="purchaseorder",
            constraint=models.UniqueConstraint(
                condition=models.Q(("remote_id", ""), _negated=True),
                fields=("connection", "remote_id"),
                name="purchase_order_remote_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="purchaseorder",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["prepared", "sending", "pushed", "refused", "waiting", "unknown"])),
                name="purchase_order_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="purchaseorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ["sending", "unknown"]), _negated=True),
                    models.Q(("claimed_at__isnull", False), ("deadline_at__isnull", False)),
                    _connector="OR",
                ),
                name="purchase_order_sending_has_deadline",
            ),
        ),
        migrations.AddConstraint(
            model_name="purchaseorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "pushed"), models.Q(("remote_id", ""), _negated=True)),
                    models.Q(models.Q(("state", "pushed"), _negated=True), ("remote_id", "")),
                    _connector="OR",
                ),
                name="purchase_order_pushed_has_id",
            ),
        ),
        migrations.AddConstraint(
            model_name="purchaseorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "waiting"), _negated=True), ("waits_until__isnull", False), _connector="OR"
                ),
                name="purchase_order_waiting_has_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="purchaseorder",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), _negated=True),
                    models.Q(("failure_code", ""), _negated=True),
                    _connector="OR",
                ),
                name="purchase_order_refused_says_why",
            ),
        ),
        migrations.AddIndex(
            model_name="stocklevel",
            index=models.Index(
                condition=models.Q(("low_since__isnull", False)), fields=["connection"], name="stock_level_low"
            ),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.UniqueConstraint(
                fields=("connection", "item_id", "location_id"), name="stock_level_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.CheckConstraint(
                condition=models.Q(("item_id", ""), _negated=True), name="stock_level_has_item"
            ),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("on_hand__isnull", True), ("counted_at__isnull", False), _connector="OR"),
                    models.Q(("threshold__isnull", True), ("threshold_at__isnull", False), _connector="OR"),
                    models.Q(("unit_cost__isnull", True), ("cost_at__isnull", False), _connector="OR"),
                ),
                name="stock_level_figures_have_times",
            ),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("currency", ""), ("unit_cost__isnull", True)),
                    models.Q(("currency__regex", "^[A-Z]{3}$"), ("unit_cost__gte", 0)),
                    _connector="OR",
                ),
                name="stock_level_cost_has_currency",
            ),
        ),
        migrations.AddConstraint(
            model_name="stocklevel",
            constraint=models.CheckConstraint(
                condition=models.Q(("low_since__isnull", True), ("on_hand__isnull", False), _connector="OR"),
                name="stock_level_low_is_counted",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockrule",
            constraint=models.UniqueConstraint(
                condition=models.Q(("connection__isnull", True)), fields=("company",), name="stock_rule_for_all_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stockrule",
            constraint=models.UniqueConstraint(fields=("company", "connection", "item_id"), name="stock_rule_once"),
        ),
        migrations.AddConstraint(
            model_name="stockrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("connection__isnull", True), ("item_id", ""), ("unit_cost__isnull", True)),
                    models.Q(
                        ("connection__isnull", False),
                        ("drafts_orders", False),
                        models.Q(("item_id", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="stock_rule_is_for_one_or_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("threshold__isnull", True), ("threshold__gte", 0), _connector="OR"),
                    models.Q(("reorder_quantity__isnull", True), ("reorder_quantity__gt", 0), _connector="OR"),
                ),
                name="stock_rule_quantities_make_sense",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockrule",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("currency", ""), ("unit_cost__isnull", True)),
                    models.Q(("currency__regex", "^[A-Z]{3}$"), ("unit_cost__gte", 0)),
                    _connector="OR",
                ),
                name="stock_rule_cost_has_currency",
            ),
        ),
    ]
