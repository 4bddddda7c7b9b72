"""One document of each kind, and what is sent to an accounting platform for it: the input of the goldens of targets."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from connectors import registry
from connectors.credentials import FixedKeys
from connectors.general_ledger.chart import CUSTOMER, DEFAULT_CHART, SUPPLIER
from connectors.http import Door
from connectors.purchasing import DraftLine, DraftOrder
from connectors.session import Session
from connectors.wire import Request, Response, Sender
from ledger.documents import Bill, CreditNote, Deposit, Document, Header, Invoice, Journal, Line, Payment, TaxPart
from tests.platforms.targets import FOLDERS, Fake

Faults = Callable[[Request], list[str]]
ORDER: Final = "purchase_order"
CODED: Final = "invoice_by_tax_code"
"""The invoice, where the platform has tax codes only when it is asked to (`offer_tax_codes` of a fake)."""
DAY: Final = date(2026, 3, 2)


class Chart(NamedTuple):
    """The platform's ids of what documents name: accounts by their code in the default chart."""

    accounts: dict[str, str]
    customer: str
    supplier: str
    tax_code: str


def nowhere() -> Chart:
    """The chart of no platform, to know the names of the cases by."""
    return Chart({each.code: each.code for each in DEFAULT_CHART}, "", "", "")


def documents(chart: Chart, currency: str = "GBP") -> dict[str, tuple[Document, ...]]:
    """Case → what is sent for it, in order; the last of it is what the golden is of."""
    at = chart.accounts

    def header(key: str, words: str) -> Header:
        return Header(f"golden:{key}", f"CS260302-{key.upper():.11}", DAY, currency, words)

    def sold(amount: int, tax: int, words: str, account: str = "4000") -> Line:
        taxes = (TaxPart(at["2200"], tax),) if tax else ()
        return Line(at[account], amount, words, "sales", "sale", chart.tax_code if tax else "", taxes)

    tea, shipping, off = sold(10_000, 2_000, "Tea"), sold(500, 0, "Shipping"), sold(-1_000, -200, "Spring sale")
    invoice = Invoice(header("invoice", "Sales of 2 March"), chart.customer, at["1200"], (tea, shipping, off))
    back = CreditNote(header("credit", "Returns of 2 March"), chart.customer, at["1200"], (sold(2_000, 400, "Tea"),))
    fees = Line(at["6000"], 145, "Card fees", "fees", "fee")
    bill = Bill(header("bill", "Fees of 2 March"), chart.supplier, at["2000"], (fees,))

    def paid(key: str, what: Document, account: str, control: str, amount: int, way: Any) -> Payment:
        return Payment(header(key, f"Money for {key}"), what.header.key, at[control], at[account], amount, way)

    legs = (
        Line(at["1100"], 12_000, "Card", "tender:card", "tender"),
        Line(at["4000"], -10_000, "Tea", "sales", "sale", chart.tax_code),
        Line(at["2200"], -2_000, "Tax: vat20", "tax:vat20", "sale", chart.tax_code),
    )
    card, out = Line(at["1100"], 9_855, "Card", "tender:card", "payout"), Line(at["1100"], -120, "Chargeback")
    bank = Line(at["1030"], 5_000, "Float", "cash", "cash")
    return {
        "journal": (Journal(header("journal", "Sales of 2 March"), legs),),
        "invoice": (invoice,),
        "credit_note": (back,),
        "bill": (bill,),
        "payment_of_invoice": (invoice, paid("in", invoice, "1100", "1200", invoice.total, "in")),
        "payment_of_credit_note": (back, paid("back", back, "1100", "1200", back.total, "out")),
        "payment_of_bill_from_bank": (bill, paid("bank", bill, "1000", "2000", bill.total, "out")),
        "payment_of_bill_from_clearing": (bill, paid("clear", bill, "1100", "2000", bill.total, "out")),
        "deposit": (Deposit(header("deposit", "Payout"), at["1000"], (card,)),),
        "deposit_of_less_than_nothing": (Deposit(header("taken", "Payout"), at["1000"], (out,)),),
        "deposit_of_cash": (Deposit(header("cash", "Cash to the bank"), at["1000"], (bank,)),),
    }


def an_order(chart: Chart, currency: str = "GBP") -> DraftOrder:
    """A purchase order of two things, the cost of one of which nobody knows."""
    tea = DraftLine("Tea, loose", "TEA", Decimal("12.5"), 243, chart.accounts["5000"])
    cup = DraftLine("Cup", "", Decimal(6), None, chart.accounts["5000"])
    return DraftOrder("CSO-20260302-1", chart.supplier, currency, DAY, (tea, cup), "Runs out")


class Recorder:
    """The door, and the writes that went through it."""

    def __init__(self, door: Sender) -> None:
        self.door = door
        self.writes: list[Request] = []

    def send(self, request: Request) -> Response:
        if request.write:
            self.writes.append(request)
        return self.door.send(request)


class Wire:
    """A session with a fake that writes down what is sent. Without a company of ours, and without a database."""

    def __init__(self, key: str, fake: Fake, door: Door) -> None:
        self.platform = registry.accounting(key)
        self.recorder = Recorder(door)
        options = self.platform.options(Session(0, 0, fake.settings, door))
        accounts = {each.id: each for each in options if each.kind == "account"}
        self.session = Session(0, 0, fake.settings, self.recorder, accounts=accounts)
        named = {(each.kind, each.name): each.id for each in options}
        self.chart = Chart(
            {each.code: each.id for each in accounts.values() if each.code},
            named.get(("customer", CUSTOMER), CUSTOMER),
            named.get(("supplier", SUPPLIER), SUPPLIER),
            getattr(fake, "tax_codes", {}).get("vat20", ""),
        )

    def sent_for(self, case: tuple[Document, ...]) -> list[Request]:
        """What is sent for the last of these documents; what the others became is known to it."""
        known: dict[str, str] = {}
        for document in case:
            self.recorder.writes.clear()
            pushed = self.platform.push(self.knowing(known), document)
            known = {**known, document.header.key: pushed.remote_id}
        return list(self.recorder.writes)

    def sent_for_order(self) -> list[Request]:
        """What is sent for a purchase order."""
        self.recorder.writes.clear()
        self.platform.draft_order(self.session, an_order(self.chart))
        return list(self.recorder.writes)

    def knowing(self, known: dict[str, str]) -> Session:
        """The session, with the platform's ids of what payments settle."""
        return replace(self.session, remote_ids=known)


@contextmanager
def wired(key: str, fake: Fake) -> Iterator[Wire]:
    """A session with a fake."""
    keys, settings = FixedKeys(fake.secrets), fake.settings
    with Door(registry.accounting(key), None, keys, settings=settings, trace=lambda trace: None) as door:
        yield Wire(key, fake, door)


def as_written(requests: list[Request]) -> bytes:
    """Requests as they stand in a golden: JSON bodies as they are on the wire, their numbers digit for digit."""
    rows = [
        {
            "method": each.method,
            "path": each.path,
            "params": dict(each.params),
            "headers": dict(each.headers),
            "body": msgspec.Raw(each.body or b"null"),
        }
        for each in requests
    ]
    return msgspec.json.format(msgspec.json.encode(rows), indent=1) + b"\n"


def golden(key: str, case: str) -> Path:
    """Where the golden of a case is."""
    return FOLDERS / key / "golden" / f"{case}.json"


def judge_of(key: str) -> Faults | None:
    """What the vendor's description has against a request: `faults_of` of the folder's `judge.py`.

    None where the folder has none. Raises LookupError when the description is not at hand.
    """
    if not (FOLDERS / key / "judge.py").exists():
        return None
    found: Faults | None = getattr(importlib.import_module(f"tests.platforms.{key}.judge"), "faults_of", None)
    return found
