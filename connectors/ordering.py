"""What runs out is bought again: a draft purchase order at the accounting software, exactly once, or a notice.

Which of the two the company has chosen in its rule for all; a platform without purchase orders leaves the notice. An
order is stored together with the levels that ask for it, so that no run orders them twice, and then delivered as a
document is (`connectors.push_send`): intent before the call, three answers, and after a lost one a look-up by our
reference before anything is sent again. How a platform makes its documents safe says nothing of its purchase orders:
they are always looked up.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from connectors import ordering_rows as rows
from connectors.models import PurchaseOrder, StockLevel, StockRule
from connectors.options import kept_accounts
from connectors.ordering_body import drafts
from connectors.platform import AccountingPlatform
from connectors.purchasing import DraftOrder
from connectors.push import Delivery, held
from connectors.push_send import LeaveAlone, Sending
from connectors.push_states import Item, Step
from connectors.push_support import DOUBTFUL_CODES
from connectors.session import Pushed, Session
from connectors.stock_wanted import low_levels
from connectors.stock_watch import tell, untell
from ledger import sql
from ledger.models import Company
from ledger.problem_rows import Subject, open_problems
from ledger.problems import Problem
from ledger.record_rows import lock_sources
from ledger.services import audit


class NotRefused(Exception):
    """The order is not one that was refused."""


def raise_low_stock(
    *, company: Company, connection_id: int, platform: AccountingPlatform, account: str, at: datetime
) -> int:
    """Order what is low, or tell of it; how many orders were stored to be drafted. Safe to run again.

    `account` is where purchases go that no rule has an account for ("" for the platform's choice).
    """
    with sql.unit_of_work():
        lock_sources(company.pk)  # levels change under them
        wanted = low_levels(company.pk)
        if not wanted:
            return 0
        chosen = StockRule.objects.filter(company=company, connection=None, drafts_orders=True).exists()
        if not (chosen and platform.drafts_orders):
            untell(company.pk, "supplier_unknown", [each.level_id for each in wanted], at)
            tell(company.pk, "stock_low", wanted, at)
            return 0
        nobody = [each for each in wanted if not each.supplier]
        tell(company.pk, "supplier_unknown", nobody, at)
        bought = [each for each in wanted if each.supplier]
        untell(company.pk, "supplier_unknown", [each.level_id for each in bought], at)
        untell(company.pk, "stock_low", [each.level_id for each in wanted], at)
        on = at.astimezone(ZoneInfo(company.zone)).date()
        orders = drafts(bought, company.currency, account)
        return rows.make(company_id=company.pk, connection_id=connection_id, wanted=orders, on=on, at=at)


def deliver_orders(delivery: Delivery, at: datetime) -> int:
    """Work on the open orders of one connection; how many are drafts there now and were not before.

    Raises `NotAuthorized` when the platform no longer accepts us, and nothing else that a platform does.
    """
    platform, session = delivery.platform, delivery.session
    if not platform.drafts_orders:
        return 0
    written = 0
    with held(session.connection_id) as is_held:
        if not is_held:
            return 0
        rows.release_abandoned(session.connection_id)
        session = replace(session, accounts=kept_accounts(session.connection_id))
        sender = OrderSender(platform, session, delivery.limits.total_seconds, delivery.step)
        try:
            for item in rows.open_orders(session.connection_id, sender.safety.settle_seconds):
                written += sender.settle(item) if item.state == "unknown" else sender.send(item)
        except LeaveAlone:
            pass
        finally:
            _tell_of_refusals(session.company_id, session.connection_id, at)
    return written


class OrderSender(Sending[DraftOrder]):
    """Sends purchase orders."""

    rows = rows.Orders()

    def __init__(self, platform: AccountingPlatform, session: Session, call_seconds: float, step: Step) -> None:
        super().__init__(platform, session, call_seconds, step)
        self.safety = replace(self.safety, idempotency=None, unique_ref=False, search_by_ref=True)

    def _push(self, item: Item[DraftOrder]) -> Pushed:
        return self.platform.draft_order(self.session, item.document)

    def _find(self, item: Item[DraftOrder]) -> Pushed | None:
        return self.platform.find_order(self.session, item.document.reference)

    def _reference(self, item: Item[DraftOrder]) -> str:
        return item.document.reference


def release_order(*, company: Company, order_id: UUID, actor: str) -> PurchaseOrder:
    """Try again what was refused: an order that may be there after all is looked up, another is drafted anew.

    Anew means that its levels are free, and that the next sync orders them under the rules as they are then. Raises
    `PurchaseOrder.DoesNotExist` and `NotRefused`.
    """
    with sql.unit_of_work():
        lock_sources(company.pk)
        order = PurchaseOrder.objects.select_for_update().get(company=company, public_id=order_id)
        if order.state != PurchaseOrder.State.REFUSED:
            raise NotRefused(order.reference)
        if order.failure_code in DOUBTFUL_CODES and order.claimed_at is not None:
            order.state, order.attempts, order.waits_until = PurchaseOrder.State.UNKNOWN, 0, None
            order.save(update_fields=["state", "attempts", "waits_until"])
        else:
            StockLevel.objects.filter(ordered_in=order).update(ordered_in=None)
        sql.execute(
            """UPDATE ledger_problem SET resolved_at = clock_timestamp()
               WHERE company_id = %s AND code = 'order_refused' AND subject = %s AND resolved_at IS NULL""",
            (company.pk, _subject(order.reference)),
        )
        audit(code="order.released", actor=actor, company=company, subject=order.reference)
    return order


def _tell_of_refusals(company_id: int, connection_id: int, at: datetime) -> None:
    """A problem for each refused order by which levels still ask for more; all others close theirs."""
    refused = PurchaseOrder.objects.filter(connection_id=connection_id, state="refused", levels__isnull=False)
    subjects = [
        Subject(
            _subject(order.reference),
            Problem(
                "order_refused",
                detail={
                    "reference": order.reference, "said": order.failure_sentence, "remedy": order.failure_remedy,
                },
            ),
        )
        for order in refused.distinct()
    ]  # fmt: skip
    open_problems(company_id, subjects, at)
    sql.execute(
        """UPDATE ledger_problem SET resolved_at = %s
           WHERE company_id = %s AND code = 'order_refused' AND resolved_at IS NULL AND subject <> ALL(%s)""",
        (at, company_id, [each.name for each in subjects]),
    )


def _subject(reference: str) -> str:
    return f"purchase order {reference}"
