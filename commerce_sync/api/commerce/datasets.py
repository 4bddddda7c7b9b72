"""The published datasets of facts: which records each consists of, and what may be asked of them, in SQL. Pure.

Expressions are over ``r``, a row of ``ledger_record``, ``d.doc``, its body as JSON, and ``t.tender``, one tender of it
where a dataset has a row for each. A canonical body is JSON whose every quote inside of a text is escaped: the bytes of
a field's name with its quotes are found in it nowhere but at that field.
"""

# ruff: noqa: S608  (constants)
from __future__ import annotations

from typing import Final, NamedTuple

from commerce_sync.api.query_values import Kind
from ledger.commerce import RecordKind
from ledger.money import EXPONENTS


class Column(NamedTuple):
    """What a published path is in SQL. ``indexed``: narrowing by it does not read the whole dataset."""

    sql: str
    kind: Kind = "text"
    indexed: bool = False


class Branch(NamedTuple):
    """Records of one kind, as far as they belong to the dataset."""

    kind: RecordKind
    where: str = ""


class Dataset(NamedTuple):
    """One published dataset. ``spread``: it has a row for each tender of a record, not for each record."""

    name: str
    noun: str
    branches: tuple[Branch, ...]
    fields: dict[str, Column]
    spread: bool = False


DOC: Final = "d.doc"
# Parsed once for a record, however often it is asked: OFFSET 0 keeps the expression from being copied to each place.
PARSED: Final = "CROSS JOIN LATERAL (SELECT convert_from(r.body, 'UTF8')::jsonb AS doc OFFSET 0) d"
TENDERS: Final = f"jsonb_array_elements({DOC} -> 'tenders') WITH ORDINALITY AS t(tender, ord)"
# A record's tenders counted without parsing it: by the one field that every tender has.
TENDER_COUNT: Final = (
    "((octet_length(r.body) - octet_length(replace(convert_from(r.body, 'UTF8'), '\"captured_at\":', ''))) / 14)"
)
_SIGN: Final = "(CASE r.kind WHEN 'refund' THEN -1 ELSE 1 END)"
# As in the condition of the index record_returns_listed.
_RETURN: Final = r"""position('"order_id":"",'::bytea IN r.body) > 0 AND position('"number":"'::bytea IN r.body) > 0"""
_PAID: Final = """position('"captured_at":'::bytea IN r.body) > 0"""


def _scale() -> str:
    """Minor units in one major unit of the record's currency."""
    cases = []
    for places in sorted({*EXPONENTS.values()} - {2}):
        codes = ", ".join(f"'{code}'" for code, own in sorted(EXPONENTS.items()) if own == places)
        cases.append(f"WHEN r.currency IN ({codes}) THEN {10**places}")
    return f"(CASE {' '.join(cases)} ELSE 100 END)::numeric"


SCALE: Final = _scale()


def _text(path: str) -> str:
    return f"nullif({DOC} #>> '{{{path}}}', '')"


def _instant(*names: str) -> str:
    fields = ", ".join(f"{DOC} ->> '{name}'" for name in names)
    return f"coalesce({fields})::timestamptz"


_DATES: Final = {
    "modifiedDate": Column("r.received_at", "instant", indexed=True),
    "sourceModifiedDate": Column("r.updated_at", "instant"),
}
_IDENTITY: Final = {"id": Column("r.external_id", indexed=True), "currency": Column("r.currency"), **_DATES}
_TIPS: Final = f"""coalesce((SELECT sum((line ->> 'net')::bigint) FROM jsonb_array_elements(
    CASE jsonb_typeof({DOC} -> 'lines') WHEN 'array' THEN {DOC} -> 'lines' ELSE '[]' END) line
    WHERE line ->> 'kind' = 'tip'), 0)"""
_FEE_TAXES: Final = f"""coalesce((SELECT sum((tax ->> 'amount')::bigint) FROM jsonb_array_elements(
    coalesce({DOC} -> 'taxes', '[]')) tax), 0)"""
_CHARGED: Final = f"(({DOC} ->> 'amount')::bigint + {_FEE_TAXES})"

ORDERS: Final = Dataset(
    "orders",
    "Order",
    (Branch("order"), Branch("refund", _RETURN)),
    {
        **_IDENTITY,
        "orderNumber": Column(_text("number")),
        # One instant is kept; it is shown as the one or the other.
        "createdDate": Column(_instant("closed_at", "refunded_at"), "instant"),
        "closedDate": Column(_instant("closed_at", "refunded_at"), "instant"),
        "totalAmount": Column(f"({_SIGN} * (({DOC} ->> 'stated')::bigint - {_TIPS}) / {SCALE})", "number"),
        "locationRef.id": Column(_text("location")),
        "customerRef.id": Column(_text("customer")),
    },
)
PAYMENTS: Final = Dataset(
    "payments",
    "Payment",
    (Branch("order", _PAID), Branch("refund", _PAID)),
    {
        "id": Column("(t.tender ->> 'id')"),
        "currency": Column("r.currency"),
        **_DATES,
        "amount": Column(f"({_SIGN} * (t.tender ->> 'amount')::bigint / {SCALE})", "number"),
        "createdDate": Column("(t.tender ->> 'captured_at')::timestamptz", "instant"),
        "status": Column("'Paid'"),
        "paymentProvider": Column("nullif(t.tender ->> 'provider', '')"),
        "paymentMethodRef.name": Column("nullif(t.tender ->> 'label', '')"),
    },
    spread=True,
)
TRANSACTIONS: Final = Dataset(
    "transactions",
    "Transaction",
    (Branch("refund", f"NOT ({_RETURN})"), Branch("fee"), Branch("payout")),
    {
        **_IDENTITY,
        "totalAmount": Column(
            f"(CASE r.kind WHEN 'refund' THEN ({DOC} ->> 'stated')::bigint WHEN 'fee' THEN abs({_CHARGED})"
            f" ELSE ({DOC} ->> 'amount')::bigint END / {SCALE})",
            "number",
        ),
        "type": Column(
            "(CASE r.kind WHEN 'refund' THEN 'Refund' WHEN 'payout' THEN 'Payout'"
            f" ELSE CASE WHEN {_CHARGED} < 0 THEN 'PaymentFeeRefund' ELSE 'PaymentFee' END END)"
        ),
        "createdDate": Column(_instant("refunded_at", "charged_at", "arrives_on"), "instant"),
        "transactionSourceRef.id": Column(f"nullif(coalesce({DOC} ->> 'order_id', {DOC} ->> 'settles'), '')"),
    },
)
DISPUTES: Final = Dataset(
    "disputes",
    "Dispute",
    (Branch("dispute"),),
    {
        **_IDENTITY,
        "totalAmount": Column(f"(({DOC} ->> 'amount')::bigint / {SCALE})", "number"),
        "status": Column(
            f"(CASE {DOC} ->> 'outcome' WHEN 'won' THEN 'Won' WHEN 'lost' THEN 'Lost'"
            " WHEN 'open' THEN 'Processing' ELSE 'InquiryProcessing' END)"
        ),
        "createdDate": Column(_instant("opened_at"), "instant"),
    },
)
