"""What accounting software says of itself when it is asked: balances, entries on accounts, and what the bank brought.

Plain values, and the parts that a platform file may have. Pure. Amounts are minor units; debits are positive. The
built-in books have none of them: they are rows of this database, which whoever wants to know reads himself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol, runtime_checkable

from connectors.session import Session

MOST_ENTRIES: Final = 20_000
"""In one span: more than a shop with a document for each order has in a week."""
LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class LedgerBalance:
    """What an account holds at the end of a day, in one currency."""

    account: str
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What one document does to one account. ``remote_id`` names it as a binding does; ``is_cleared`` says that it was
    matched with the bank's own statement, where the platform tells."""

    remote_id: str
    account: str
    day: date
    currency: str
    amount: int
    reference: str = ""
    text: str = ""
    is_cleared: bool = False


@dataclass(frozen=True, slots=True)
class BankLine:
    """One line of the bank's statement on a bank account; money that came is positive."""

    remote_id: str
    account: str
    day: date
    currency: str
    amount: int
    text: str = ""


@runtime_checkable
class TellsLedger(Protocol):
    """An accounting platform that tells what its ledger holds."""

    def balances(self, session: Session, through: date) -> Iterable[LedgerBalance]:
        """Of every account that is not empty at the end of a day. Raises a `Failure`."""
        ...

    def entries(self, session: Session, accounts: frozenset[str], first: date, last: date) -> Iterable[LedgerEntry]:
        """Everything in the books on these accounts in a span of days, ours too; drafts and what was voided are not in
        the books. Raises a `Failure`."""
        ...


@runtime_checkable
class TellsBank(Protocol):
    """One that has the bank's statement beside its ledger. Where there is none, what the bank brought is what stands
    on the bank account and is not ours, or was matched."""

    def bank_lines(self, session: Session, accounts: frozenset[str], first: date, last: date) -> Iterable[BankLine]:
        """The lines of the statements of these accounts in a span of days. Raises a `Failure`."""
        ...
