"""Purchase orders at QuickBooks: they book nothing, and stay open until a person sends, changes or deletes them.

A line names an item where the company buys one under our SKU, which keeps the quantity; else an account, and then the
quantity is told in words. Without an account of its own, a line goes to the setting `purchase_account`, or to the only
account for the cost of goods sold.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from connectors.accounting import _qbo_company as company
from connectors.accounting._qbo_calls import Row, amount, query, ref
from connectors.accounting._qbo_lookup import numbered, pushed
from connectors.errors import RefusalReason, Refused
from connectors.plain_text import plain
from connectors.purchasing import DraftLine, DraftOrder
from connectors.session import Pushed, Session

_COST: Final = "Cost of Goods Sold"
_ENTITY: Final = "PurchaseOrder"


def draft(session: Session, order: DraftOrder) -> Pushed:
    """Leave the order there. Raises a `Failure`."""
    body: Row = {
        "DocNumber": order.reference,
        "TxnDate": order.ordered_on.isoformat(),
        "PrivateNote": plain(f"{order.reference} {order.note}"),
        "VendorRef": ref(order.supplier),
        "POStatus": "Open",
        "Line": [_line(session, line, order.currency) for line in order.lines],
    }
    if order.currency != company.home_currency(session):
        body["CurrencyRef"] = ref(order.currency)
    if control := company.the_control(session, company.PAYABLE, order.currency):
        body["APAccountRef"] = ref(control)
    if not company.is_american(session):
        body["GlobalTaxCalculation"] = "NotApplicable"
    return pushed(_ENTITY, company.sent(session, _ENTITY, body, order.reference))


def find(session: Session, reference: str) -> Pushed | None:
    """The order with this number, open or closed. Raises `Refused` with DUPLICATE when there are two."""
    row = numbered(session, _ENTITY, reference)
    return pushed(_ENTITY, row) if row else None


def _line(session: Session, line: DraftLine, currency: str) -> Row:
    """What is not known costs nothing there, and says so; a person fills it in."""
    cost = line.unit_cost or 0
    total = int((line.quantity * cost).quantize(Decimal(1), ROUND_HALF_UP))
    open_ = "" if line.unit_cost is not None else ", cost not known"
    found: Row = {"Amount": amount(total, currency)}
    item = _items(session).get(line.sku) if line.sku else None
    if item is not None:
        found["Description"] = plain(f"{line.description}{open_}")
        found["DetailType"] = "ItemBasedExpenseLineDetail"
        priced = {"Qty": line.quantity, "UnitPrice": amount(cost, currency)}
        found["ItemBasedExpenseLineDetail"] = {"ItemRef": ref(item), **priced}
        return found
    named = f"{line.description} ({line.sku})" if line.sku else line.description
    found["Description"] = plain(f"{line.quantity:f} × {named}{open_}")
    found["DetailType"] = "AccountBasedExpenseLineDetail"
    found["AccountBasedExpenseLineDetail"] = {"AccountRef": ref(line.account or _account(session))}
    return found


def _items(session: Session) -> dict[str, str]:
    """SKU → item, of items that are bought; a SKU that two of them have names none."""
    return company.remembered(session, "bought", lambda: _bought(query(session, "Item")))


def _bought(rows: list[Row]) -> dict[str, str]:
    found: dict[str, str] = {}
    for row in rows:
        if row.get("Sku") and row.get("ExpenseAccountRef") and row.get("Type") not in ("Group", "Category"):
            found[row["Sku"]] = "" if row["Sku"] in found else row["Id"]
    return {sku: id for sku, id in found.items() if id}


def _account(session: Session) -> str:
    chosen = session.settings.get("purchase_account")
    rows = company.accounts(session).values()
    costs = [row["Id"] for row in rows if row.get("AccountType") == _COST and row.get("Active", True)]
    if chosen or len(costs) == 1:
        return str(chosen or costs[0])
    detail = f"QuickBooks has {len(costs)} accounts for the cost of goods sold, and none is chosen for what is ordered."
    raise Refused(detail, reason=RefusalReason.ACCOUNT_INACTIVE)
