"""The last stage of a run that pulled: what runs out is told of, or ordered."""

from __future__ import annotations

from commerce_sync.selectors import Run
from connectors.ordering import deliver_orders, raise_low_stock
from connectors.push import Delivery
from connectors.stock_watch import watch
from ledger.models import Company
from ledger.services import now


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
