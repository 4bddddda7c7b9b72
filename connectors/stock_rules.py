"""What a company decides about its stock; each change is one transaction with its audit entry."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction
from msgspec import Struct

from connectors.cost_rows import costs_changed
from connectors.models import Connection, StockRule
from ledger.models import Company
from ledger.services import audit, now


class RuleForAll(Struct, frozen=True):
    """What holds for everything that has no rule of its own."""

    drafts_orders: bool = False
    threshold: Decimal | None = None
    reorder_quantity: Decimal | None = None
    supplier: str = ""
    account: str = ""


class ItemRule(Struct, frozen=True):
    """What holds for one thing of one source. `unit_cost` is in minor units of `currency`."""

    connection: Connection
    item_id: str
    threshold: Decimal | None = None
    reorder_quantity: Decimal | None = None
    supplier: str = ""
    account: str = ""
    unit_cost: int | None = None
    currency: str = ""

    @property
    def says_nothing(self) -> bool:
        """Whether nothing is left that the rule would say."""
        figures = (self.threshold, self.reorder_quantity, self.unit_cost)
        return all(each is None for each in figures) and not (self.supplier or self.account)


def rule_for_all(company: Company) -> RuleForAll:
    """The rule in force; the empty one where the company has none."""
    row = StockRule.objects.filter(company=company, connection=None).first()
    if row is None:
        return RuleForAll()
    return RuleForAll(row.drafts_orders, row.threshold, row.reorder_quantity, row.supplier, row.account)


@transaction.atomic
def set_rule_for_all(*, company: Company, rule: RuleForAll, actor: str) -> None:
    """Let `rule` hold from the next sync on."""
    values = {name: getattr(rule, name) for name in rule.__struct_fields__}
    StockRule.objects.update_or_create(
        company=company, connection=None, defaults={**values, "changed_by": actor[:100], "changed_at": now()}
    )
    audit(code="stock.rule_changed", actor=actor, company=company, subject="all", detail=_told(values))


@transaction.atomic
def set_item_rules(*, company: Company, rules: Sequence[ItemRule], actor: str) -> None:
    """Let these rules hold from the next sync on; one that says nothing is removed."""
    at = now()
    for rule in rules:
        of_item = StockRule.objects.filter(company=company, connection=rule.connection, item_id=rule.item_id)
        if rule.says_nothing:
            of_item.delete()
            continue
        names = ("threshold", "reorder_quantity", "supplier", "account", "unit_cost", "currency")
        values = {name: getattr(rule, name) for name in names}
        StockRule.objects.update_or_create(
            company=company, connection=rule.connection, item_id=rule.item_id,
            defaults={**values, "changed_by": actor[:100], "changed_at": at},
        )  # fmt: skip
    for connection_id in sorted({rule.connection.pk for rule in rules}):
        costs_changed(connection_id)
    items = [rule.item_id for rule in rules[:100]]
    detail = {"rules": len(rules), "items": items}
    audit(code="stock.rule_changed", actor=actor, company=company, subject=f"{len(rules)} items", detail=detail)


def _told(values: dict[str, object]) -> dict[str, object]:
    return {name: str(value) if isinstance(value, Decimal) else value for name, value in values.items()}
