"""A partner's whole world, so that every operation has something to answer about, and the ids to ask for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from commerce_sync import work
from commerce_sync.api_keys import create_key
from connectors.models import PurchaseOrder, StockLevel, StockRule
from health.findings.seen import Looked, Scope, Seen
from health.findings.settle import settle
from health.models import Finding
from ledger.models import Company
from tests.api.cast import FIRST_DAY, Api, an_order, books_of, push_orders, ready_company, shop_of

NAMES = (
    ("products", {"id": "tea", "name": "Tea", "productCategoryRefs": [{"id": "drinks"}]}),
    ("productCategories", {"id": "drinks", "name": "Drinks"}),
    ("locations", {"id": "high-street", "name": "High Street"}),
    ("taxComponents", {"id": "vat20", "name": "VAT", "rate": 20}),
    ("paymentMethods", {"id": "card", "name": "Card"}),
)


def a_world(api: Api, name: str = "Rose & Crown") -> dict[str, str]:
    """Path parameter → an id of the partner's, for a company with data of every kind, a sync and an undo."""
    company = ready_company(api.partner, name)
    data = f"/companies/{company.public_id}/connections/{shop_of(company).public_id}/data"
    for dataset, row in NAMES:
        _sent(api.put(f"{data}/commerce-{dataset}", [row]))
    at = f"{FIRST_DAY}T12:00:00Z"
    fee = {"id": "fee1", "type": "PaymentFee", "totalAmount": 1.5, "currency": "GBP", "createdDate": at,
           "sourceCreatedDate": at, "sourceModifiedDate": at}  # fmt: skip
    dispute = {"id": "dispute1", "status": "Processing", "totalAmount": 3, "currency": "GBP", "createdDate": at,
               "sourceModifiedDate": at}  # fmt: skip
    push_orders(api, company, [an_order(number) for number in range(3)])
    _sent(api.put(f"{data}/commerce-transactions", [fee]))
    _sent(api.put(f"{data}/commerce-disputes", [dispute]))
    sync_id = _sent(api.post(f"/companies/{company.public_id}/sync/commerce/latest"))["commerceSyncId"]
    work.drain()
    undo_path = f"/companies/{company.public_id}/sync/commerce/syncs/{sync_id}/undo"
    undo = _sent(api.post(undo_path, {"planDigest": _sent(api.get(undo_path))["digest"]}))
    work.drain()
    endpoint = _sent(api.post("/config/webhooks", {"url": f"https://{len(name)}.example.org/in"}))["endpoint"]["id"]
    spare = create_key(partner=api.partner, name="spare", actor="test").row
    return {
        "companyId": str(company.public_id),
        "connectionId": str(shop_of(company).public_id),
        "clientId": str(api.partner.public_id),
        "syncId": sync_id,
        "undoId": undo["id"],
        "findingId": _finding(company),
        "documentId": _document(api, company),
        "keyId": str(spare.public_id),
        "originId": _sent(api.post("/config/origins", {"origin": f"https://{len(name)}.example.com"}))["id"],
        "endpointId": endpoint,
        "alertRuleId": _sent(api.post("/config/alerts", {"name": "Errors", "audience": "partner"}))["id"],
        "deliveryId": _sent(api.post(f"/config/webhooks/{endpoint}/test"))["id"],
        "number": "1",
        "purchaseOrderId": _order(company),
        "orderId": "o1",
        "paymentId": "t1",
        "transactionId": "fee1",
        "disputeId": "dispute1",
        "productId": "tea",
        "locationId": "high-street",
        "taxId": "vat20",
        "paymentMethodId": "card",
        "customerId": "nobody",
        "platformKey": "books",
        "commerceKey": "partner",
        "accountingKey": "books",
        "booksId": str(books_of(company).public_id),
    }


def _order(company: Company) -> str:
    """A purchase order that was refused, and the rule and the level that it came from."""
    StockRule.objects.create(company=company, threshold=5, supplier="S1", drafts_orders=True)
    at = datetime.now(UTC)
    order = PurchaseOrder.objects.create(
        company=company, connection=books_of(company), reference=f"PO-{company.pk}", supplier="S1", currency="GBP",
        ordered_on=FIRST_DAY, lines=[], state="refused", failure_code="contact_gone", created_at=at, updated_at=at,
    )  # fmt: skip
    StockLevel.objects.create(
        connection=shop_of(company), item_id="tea", on_hand=1, counted_at=at, low_since=at, ordered_in=order,
        changed_at=at,
    )  # fmt: skip
    return str(order.public_id)


def _finding(company: Company) -> str:
    """A finding that is the merchant's turn."""
    seen = Seen("document_edited", company.pk, "CS1", {"reference": "CS1", "changes": "its day"})
    settle({"document_edited"}, Scope((company.pk,), datetime.now(UTC)), Looked((seen,)))
    return str(Finding.objects.get(company=company).public_id)


def _document(api: Api, company: Company) -> str:
    return str(_sent(api.get(f"/companies/{company.public_id}/documents"))["results"][0]["id"])


def _sent(response: Any) -> Any:
    assert response.status_code == 200, response.content
    return response.json()
