"""Xero's accounts: what each may be used for, and by what name a document names it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from connectors.accounting import _xero_wire as wire
from connectors.errors import RefusalReason, Refused
from connectors.session import Option

TYPES: Final[Mapping[str, str]] = {
    "BANK": "bank",
    **dict.fromkeys(("CURRENT", "FIXED", "INVENTORY", "NONCURRENT", "PREPAYMENT"), "asset"),
    **dict.fromkeys(("CURRLIAB", "LIABILITY", "TERMLIAB", "PAYG", "WAGESPAYABLELIABILITY"), "liability"),
    "EQUITY": "equity",
    **dict.fromkeys(("REVENUE", "SALES", "OTHERINCOME"), "income"),
    **dict.fromkeys(("EXPENSE", "DIRECTCOSTS", "OVERHEADS", "DEPRECIATN", "WAGESEXPENSE"), "expense"),
}
"""Xero's types of accounts → ours; one that Xero adds is of no type."""

NEW: Final[Mapping[str, tuple[str, int]]] = {
    "asset": ("CURRENT", 650),
    "liability": ("CURRLIAB", 850),
    "equity": ("EQUITY", 970),
    "income": ("REVENUE", 260),
    "expense": ("EXPENSE", 493),
}
"""Our types → as what an account is made, and from which code on a free one is looked for."""

RECEIVABLE: Final = "DEBTORS"
PAYABLE: Final = "CREDITORS"
TAX: Final = "GST"
_CONTROL: Final[Mapping[str, str]] = {
    RECEIVABLE: "accounts receivable",
    PAYABLE: "accounts payable",
    "RETAINEDEARNINGS": "retained earnings",
}
_ADVICE: Final = "Choose another account in the mapping"


def account_option(account: wire.Account) -> Option:
    """An account as something to choose."""
    detail = {
        "native": account.type,
        "system": account.system_account or "",
        "payments": account.enable_payments_to_account or account.type == "BANK",
    }
    return Option(
        kind="account", id=account.account_id, name=account.name, code=account.code, type=TYPES.get(account.type, ""),
        currency=account.currency_code, active=account.status == "ACTIVE", detail=detail,
    )  # fmt: skip


class Chart(Struct, frozen=True):
    """The accounts of one organisation, by their ids."""

    accounts: Mapping[str, Option]

    def is_bank(self, account: str) -> bool:
        """Whether it is a bank account: no journal and no line of a document may name it."""
        return account in self.accounts and self.accounts[account].type == "bank"

    def system(self, role: str) -> str:
        """The id of Xero's own account for a role (`RECEIVABLE`, `TAX`, …); "" when it is not known."""
        return next((each.id for each in self.accounts.values() if each.detail.get("system") == role), "")

    def by_code(self, code: str | None) -> str:
        """The id of the account with this code; "" when it is not known."""
        return next((each.id for each in self.accounts.values() if code and each.code == code), "")

    def named(self, account: str) -> dict[str, str]:
        """How a line names it: by code where it has one, which every version of the interface takes."""
        option = self.accounts.get(account)
        return {"AccountCode": option.code} if option and option.code else {"AccountID": account}

    def shown(self, account: str) -> str:
        """How people call it."""
        option = self.accounts.get(account)
        return f"“{option.code} {option.name}”".replace("“ ", "“") if option else account

    def refuse_control(self, accounts: Iterable[str]) -> None:
        """Raise `Refused` for an account that only Xero itself posts to."""
        for account in accounts:
            option = self.accounts.get(account)
            kind = _CONTROL.get(option.detail.get("system", "")) if option else None
            if kind:
                raise unusable(f"{self.shown(account)} is Xero's own account of {kind}: no line may name it.")

    def refuse_banks(self, accounts: Iterable[str], what: str) -> None:
        """Raise `Refused` for a bank account among the lines of a document."""
        for account in accounts:
            if self.is_bank(account):
                raise unusable(f"{self.shown(account)} is a bank account: no line of {what} may name it.")

    def insist_on(self, role: str, account: str) -> None:
        """Raise `Refused` unless ``account`` is the control account that Xero will post to, where that is known."""
        own = self.system(role)
        if own and own != account:
            raise unusable(f"Xero keeps {_CONTROL[role]} on {self.shown(own)}, the mapping on {self.shown(account)}.")

    def insist_on_payments(self, account: str) -> None:
        """Raise `Refused` for an account that takes no payments."""
        option = self.accounts.get(account)
        if option and not option.detail.get("payments", True):
            words = f"{self.shown(account)} takes no payments in Xero."
            raise Refused(f"{words} Enable payments to this account there, or {_ADVICE.lower()}.",
                          reason=RefusalReason.ACCOUNT_INACTIVE)  # fmt: skip


def unusable(words: str) -> Refused:
    """A document that Xero would not take because of an account of the mapping; nothing was sent."""
    return Refused(f"{words} {_ADVICE}.", reason=RefusalReason.ACCOUNT_INACTIVE)


def same_name(accounts: Iterable[Option], name: str, type: str) -> Option | None:
    """The account of this name, which Xero has once; raises `Refused` when it is of no use as one of ``type``."""
    for each in accounts:
        if each.name.casefold() == name.strip().casefold():
            if each.type == type and each.active:
                return each
            words = f"{name} is there already, as an account of another type, or archived"
            raise Refused(words, reason=RefusalReason.DUPLICATE)
    return None


def free_code(accounts: Iterable[Option], start: int) -> str:
    """The first code from ``start`` on that no account has."""
    taken = {each.code for each in accounts}
    return next(str(code) for code in range(start, 10**9) if str(code) not in taken)
