"""What an accounting platform receives: six kinds of document, each of which can state its own legs.

``entries()`` is the hinge: whatever the kind, Σ debit = Σ credit, so one law covers all, one renderer shows all, and
journal mode and invoice mode can be compared. Amounts are minor units of the document's currency and positive unless
a docstring says otherwise.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date
from typing import ClassVar, Literal, NamedTuple

import msgspec
from msgspec import Struct

from ledger.legs import About

REFERENCE_LENGTH = 20  # the tightest limit we know is 21 characters (QuickBooks Online's DocNumber)

DocumentKind = Literal["journal", "invoice", "credit_note", "bill", "payment", "deposit"]
Direction = Literal["in", "out"]


class Entry(NamedTuple):
    """One debit or credit on an account; exactly one of the two is not zero."""

    account: str
    debit: int
    credit: int


def entry(account: str, amount: int) -> Entry:
    """``amount`` as a debit when positive and a credit when negative."""
    return Entry(account, amount, 0) if amount >= 0 else Entry(account, 0, -amount)


class Header(Struct, frozen=True):
    """What every document has. ``key`` is deterministic and seeds the idempotency key; ``reference`` is its short
    form, which the merchant sees and a look-up at the platform asks for."""

    key: str
    reference: str
    date: date
    currency: str
    narration: str


class TaxPart(Struct, frozen=True, omit_defaults=True):
    """One component of tax on a line: its payable account, its signed amount, and which tax it is ("tax:vat20")."""

    account: str
    amount: int
    role: str = ""


class Line(Struct, frozen=True, omit_defaults=True):
    """One line of a document. ``amount`` is signed: in a journal a debit is positive; elsewhere what increases the
    document's total is positive (a discount on an invoice is negative). Tax is never inside ``amount``."""

    account: str
    amount: int
    description: str
    role: str = ""
    about: About = "sale"
    tax_code: str = ""
    taxes: tuple[TaxPart, ...] = ()
    tracking: tuple[tuple[str, str], ...] = ()

    @property
    def tax(self) -> int:
        """All tax on the line."""
        return sum(part.amount for part in self.taxes)


def _total(lines: tuple[Line, ...]) -> int:
    return sum(line.amount + line.tax for line in lines)


def _sides(lines: tuple[Line, ...], sign: int) -> list[Entry]:
    """The lines as entries: ``sign`` −1 where a positive line is a credit (sales), +1 where it is a debit (costs)."""
    entries = []
    for line in lines:
        if line.amount:
            entries.append(entry(line.account, sign * line.amount))
        entries.extend(entry(part.account, sign * part.amount) for part in line.taxes if part.amount)
    return entries


class Journal(Struct, frozen=True, tag="journal"):
    """A balanced journal entry: the lines' signed amounts sum to zero."""

    kind: ClassVar[DocumentKind] = "journal"
    header: Header
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """The sum of the debits."""
        return sum(line.amount for line in self.lines if line.amount > 0)

    def entries(self) -> list[Entry]:
        """The journal's debits and credits."""
        return _sides(self.lines, 1)


class Invoice(Struct, frozen=True, tag="invoice"):
    """A sales invoice: debit ``control`` (receivable) with the total, credit what was sold and its tax."""

    kind: ClassVar[DocumentKind] = "invoice"
    header: Header
    customer: str
    control: str
    lines: tuple[Line, ...]
    draft: bool = False

    @property
    def total(self) -> int:
        """What the customer owes for it."""
        return _total(self.lines)

    def entries(self) -> list[Entry]:
        """Debit receivable; credit the lines and their taxes."""
        return [entry(self.control, self.total), *_sides(self.lines, -1)]


class CreditNote(Struct, frozen=True, tag="credit_note"):
    """A sales credit note: the mirror of an invoice, amounts positive for what is given back."""

    kind: ClassVar[DocumentKind] = "credit_note"
    header: Header
    customer: str
    control: str
    lines: tuple[Line, ...]
    draft: bool = False

    @property
    def total(self) -> int:
        """What the customer gets back."""
        return _total(self.lines)

    def entries(self) -> list[Entry]:
        """Credit receivable; debit the lines and their taxes."""
        return [entry(self.control, -self.total), *_sides(self.lines, 1)]


class Bill(Struct, frozen=True, tag="bill"):
    """A supplier's bill for fees: credit ``control`` (payable) with the total, debit the costs and input tax."""

    kind: ClassVar[DocumentKind] = "bill"
    header: Header
    supplier: str
    control: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """What is owed to the supplier."""
        return _total(self.lines)

    def entries(self) -> list[Entry]:
        """Credit payable; debit the lines and their taxes."""
        return [entry(self.control, -self.total), *_sides(self.lines, 1)]


class Payment(Struct, frozen=True, tag="payment"):
    """Money that settles the document with the key ``settles``. ``in``: debit the money account, credit control
    (an invoice is paid); ``out``: the other way round (a refund or a bill is paid)."""

    kind: ClassVar[DocumentKind] = "payment"
    header: Header
    settles: str
    control: str
    account: str
    amount: int
    direction: Direction
    description: str = ""
    role: str = ""

    @property
    def total(self) -> int:
        """The amount that changes hands."""
        return self.amount

    def entries(self) -> list[Entry]:
        """Money against control."""
        signed = self.amount if self.direction == "in" else -self.amount
        return [entry(self.account, signed), entry(self.control, -signed)]


class Deposit(Struct, frozen=True, tag="deposit"):
    """Money into (a positive total) or out of one account, against lines: a payout into the bank, a fee given back."""

    kind: ClassVar[DocumentKind] = "deposit"
    header: Header
    account: str
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """The deposit's amount; negative when the processor takes money."""
        return _total(self.lines)

    def entries(self) -> list[Entry]:
        """Debit the account with the total; credit the lines."""
        return [entry(self.account, self.total), *_sides(self.lines, -1)]


Document = Journal | Invoice | CreditNote | Bill | Payment | Deposit

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Document] = msgspec.json.Decoder(Document)


def encode_document(document: Document) -> bytes:
    """The document's stored form."""
    return _encoder.encode(document)


def decode_document(body: bytes) -> Document:
    """The document in its stored form ``body``."""
    return _decoder.decode(body)


def reference_for(key: str, day: date) -> str:
    """The short readable form of ``key``: "CS261122-K7Q2M9XDAB3", unique per key for all practical purposes.

    The day is there for the reader; 55 bits of the key's hash tell documents of one day apart.
    """
    digest = hashlib.sha256(key.encode()).digest()
    tail = base64.b32encode(digest).decode()[: REFERENCE_LENGTH - 9]
    return f"CS{day:%y%m%d}-{tail}"


def is_balanced(document: Document) -> bool:
    """Whether debits equal credits: true by construction, asserted before anything is stored."""
    return sum(line.debit - line.credit for line in document.entries()) == 0
