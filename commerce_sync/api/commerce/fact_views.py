"""Orders, payments, transactions and disputes: lists, single rows, pushes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from commerce_sync.api.commerce import shapes
from commerce_sync.api.commerce.base import CommerceView, array_of, text_of
from commerce_sync.api.commerce.datasets import DISPUTES, ORDERS, PAYMENTS, TRANSACTIONS, Dataset
from commerce_sync.api.commerce.movements import dispute_shape, transaction_shape
from commerce_sync.api.commerce.names import Names, names_of
from commerce_sync.api.commerce.orders import order_shape, payment_shape
from commerce_sync.api.commerce.pushing import Pushed
from commerce_sync.api.commerce.rows import Found, read_one, read_page
from commerce_sync.api.commerce.sql_filter import asked
from commerce_sync.api.errors import invalid, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.query_tree import BadQuery
from commerce_sync.api.view import answer
from ledger.commerce import Dispute, Fee, Order, Payout, Refund


class _Facts(CommerceView):
    """Lists and single rows of one dataset of facts."""

    dataset: ClassVar[Dataset]

    @staticmethod
    def shape(found: Found, names: Names) -> Any:
        """The published shape of a row."""
        raise NotImplementedError

    def listed(self, request: Request, company_id: str, connection_id: str) -> HttpResponse:
        """A page of the dataset."""
        shop, paging = self.shop_to_read(company_id, connection_id), read_paging(request)
        try:
            wanted = asked(
                text_of(request, "query"), text_of(request, "orderBy"), self.dataset.fields, self.dataset.noun
            )
        except BadQuery as refusal:
            raise invalid(str(refusal)) from None
        page = read_page(shop.source_id, self.dataset, wanted, paging)
        names = names_of(shop.id, shop.names_version)
        results = [self.shape(found, names) for found in page.rows]
        return answer(page_of(results, page.total, paging, request))

    def single(self, company_id: str, connection_id: str, row_id: str) -> HttpResponse:
        """One row of the dataset; raises `ApiError` 404."""
        shop = self.shop_to_read(company_id, connection_id)
        found = read_one(shop.source_id, self.dataset, row_id)
        if found is None:
            raise missing(self.dataset.noun.lower(), row_id[:100])
        return answer(self.shape(found, names_of(shop.id, shop.names_version)))


class _Orders(_Facts):
    dataset = ORDERS

    @staticmethod
    def shape(found: Found, names: Names) -> shapes.Order:
        """The sale or return."""
        assert isinstance(found.record, Order | Refund)  # noqa: S101  # by the dataset's branches
        return order_shape(found.record, found.received_at, names)


class _Payments(_Facts):
    dataset = PAYMENTS

    @staticmethod
    def shape(found: Found, names: Names) -> shapes.Payment:
        """One tender."""
        record = found.record
        assert isinstance(record, Order | Refund)  # noqa: S101
        return payment_shape(record, record.tenders[found.tender], found.received_at, names)


class _Transactions(_Facts):
    dataset = TRANSACTIONS

    @staticmethod
    def shape(found: Found, names: Names) -> shapes.Transaction:
        """The movement."""
        assert isinstance(found.record, Refund | Fee | Payout)  # noqa: S101
        return transaction_shape(found.record, found.received_at)


class _Disputes(_Facts):
    dataset = DISPUTES

    @staticmethod
    def shape(found: Found, names: Names) -> shapes.Dispute:
        """The dispute."""
        assert isinstance(found.record, Dispute)  # noqa: S101
        return dispute_shape(found.record, found.received_at)


class OrderList(_Orders):
    """The orders of a connection."""

    @operation(
        "list-orders", "List orders", tag="Orders", answers=shapes.Order, paged=True, filtered=True, errors=(404,)
    )
    def get(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """Orders and returns, in the order in which they came to us. ``modifiedDate`` and ``id`` are indexed."""
        return self.listed(request, companyId, connectionId)

    @operation(
        "push-orders",
        "Push orders",
        tag="Orders",
        answers=Pushed,
        body=array_of("An order or a return"),
        errors=(404, 409),
    )
    def put(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """New and changed orders: a JSON array of at most 5,000. Safe to repeat; bad rows are refused alone."""
        return self.push(request, companyId, connectionId, "orders")


class OrderDetail(_Orders):
    """One order."""

    @operation("get-order", "Get order", tag="Orders", answers=shapes.Order, errors=(404,))
    def get(self, request: Request, companyId: str, connectionId: str, orderId: str) -> HttpResponse:
        """An order or a return, as it is known now."""
        return self.single(companyId, connectionId, orderId)


class PaymentList(_Payments):
    """The payments of a connection."""

    @operation(
        "list-payments", "List payments", tag="Payments", answers=shapes.Payment, paged=True, filtered=True,
        errors=(404,),
    )  # fmt: skip
    def get(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """What was paid for orders, and paid back (negative): one row for each means of payment."""
        return self.listed(request, companyId, connectionId)

    @operation(
        "push-payments", "Push payments", tag="Payments", answers=Pushed, body=array_of("A payment"), errors=(404, 409)
    )
    def put(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """Payments as rows of their own: held to their shape and kept as they came. What is booked, and listed here,
        are the payments inside of orders and the Refund transactions."""
        return self.push(request, companyId, connectionId, "payments")


class PaymentDetail(_Payments):
    """One payment."""

    @operation("get-payment", "Get payment", tag="Payments", answers=shapes.Payment, errors=(400, 404))
    def get(self, request: Request, companyId: str, connectionId: str, paymentId: str) -> HttpResponse:
        """A payment, looked for in all orders and refunds."""
        return self.single(companyId, connectionId, paymentId)


class TransactionList(_Transactions):
    """The transactions of a connection."""

    @operation(
        "list-transactions", "List transactions", tag="Transactions", answers=shapes.Transaction, paged=True,
        filtered=True, errors=(404,),
    )  # fmt: skip
    def get(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """Refunds, fees and payouts. Payments of customers are listed as payments."""
        return self.listed(request, companyId, connectionId)

    @operation(
        "push-transactions", "Push transactions", tag="Transactions", answers=Pushed, body=array_of("A transaction"),
        errors=(404, 409),
    )  # fmt: skip
    def put(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """New and changed transactions: a JSON array of at most 5,000."""
        return self.push(request, companyId, connectionId, "transactions")


class TransactionDetail(_Transactions):
    """One transaction."""

    @operation("get-transaction", "Get transaction", tag="Transactions", answers=shapes.Transaction, errors=(404,))
    def get(self, request: Request, companyId: str, connectionId: str, transactionId: str) -> HttpResponse:
        """A refund, fee or payout."""
        return self.single(companyId, connectionId, transactionId)


class DisputeList(_Disputes):
    """The disputes of a connection."""

    @operation(
        "list-disputes", "List disputes", tag="Disputes", answers=shapes.Dispute, paged=True, filtered=True,
        errors=(404,),
    )  # fmt: skip
    def get(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """Chargebacks and inquiries."""
        return self.listed(request, companyId, connectionId)

    @operation(
        "push-disputes", "Push disputes", tag="Disputes", answers=Pushed, body=array_of("A dispute"), errors=(404, 409)
    )
    def put(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """New and changed disputes: a JSON array of at most 5,000."""
        return self.push(request, companyId, connectionId, "disputes")


class DisputeDetail(_Disputes):
    """One dispute."""

    @operation("get-dispute", "Get dispute", tag="Disputes", answers=shapes.Dispute, errors=(404,))
    def get(self, request: Request, companyId: str, connectionId: str, disputeId: str) -> HttpResponse:
        """A dispute, as it stands now."""
        return self.single(companyId, connectionId, disputeId)


_DATA = "companies/<str:companyId>/connections/<str:connectionId>/data/commerce-"
# Ids are the platform's: they may contain slashes.
urlpatterns = [
    path(f"{_DATA}orders", OrderList.as_view()),
    path(f"{_DATA}orders/<path:orderId>", OrderDetail.as_view()),
    path(f"{_DATA}payments", PaymentList.as_view()),
    path(f"{_DATA}payments/<path:paymentId>", PaymentDetail.as_view()),
    path(f"{_DATA}transactions", TransactionList.as_view()),
    path(f"{_DATA}transactions/<path:transactionId>", TransactionDetail.as_view()),
    path(f"{_DATA}disputes", DisputeList.as_view()),
    path(f"{_DATA}disputes/<path:disputeId>", DisputeDetail.as_view()),
]
