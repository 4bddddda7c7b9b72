"""What stock means for a run: costs that became known before it posts, and at its end what runs out."""

from __future__ import annotations

from commerce_sync.selectors import Run
from connectors.late_costs import complete_costs
from connectors.ordering import deliver_orders, raise_low_stock
from connectors.push import Delivery
from connectors.stock_watch import watch
from ledger.models import Company
from ledger.services import now


def complete_late_costs(run: Run, counts: dict[str, int]) -> None:
    """Give orders that were booked without a cost the cost that has become known. Safe to run again."""
    if run.has_stock or "pulled" in counts:
        complete_costs(company_id=run.company_id, at=now())


def look_after_stock(run: Run, work: Delivery, counts: dict[str, int]) -> None:
    """Hold stock against its thresholds, and draft what is to be bought. Safe to run again.

    Nothing here fails a run: an order that could not be drafted says why itself, and the next run tries again. Raises
    `NotAuthorized` when the accounting platform no longer accepts us.
    """
    if not (run.has_stock or "pulled" in counts):
        return
    at = now()
    watch(company_id=run.company_id, at=at)
    company = Company.objects.get(pk=run.company_id)
    raise_low_stock(
        company=company,
        connection_id=work.session.connection_id,
        platform=work.platform,
        account=run.keeping.accounts.get("inventory", "") if run.keeping is not None else "",
        at=at,
    )
    if drafted := deliver_orders(work, at):
        counts["orders_drafted"] = counts.get("orders_drafted", 0) + drafted
