"""Money that waits for its payout: the balance of each tender account by what we brought into the books, and how old
what is open in it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, LiteralString, NamedTuple

from commerce_sync.explain_documents import account_names
from ledger import sql
from ledger.models import Company

MOST_VERSIONS: Final = 20  # of the configuration whose tender accounts are looked at, the newest first
AGES: Final = (7, 30)
"""Up to so many days old is an open item of the first, of the second group; older ones are the third."""

# All before the first day is one sum. Accounts are few: those that a book names for means of payment.
_FLOWS: Final[LiteralString] = """
    SELECT line.account, document.currency, greatest(document.date, %s::date), sum(coalesce(line.debit, 0))::bigint,
        sum(coalesce(line.credit, 0))::bigint
    FROM ledger_document document JOIN ledger_documentline line ON line.document_id = document.id
    WHERE document.company_id = %s AND document.date <= %s AND document.pushed_at IS NOT NULL
        AND document.voided_at IS NULL AND line.account = ANY(%s)
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""


class Flow(NamedTuple):
    """What came into an account and went out of it on a day, in minor units; the first one holds all before it too."""

    day: date
    came: int
    went: int


class Clearing(NamedTuple):
    """One tender account in one currency. ``balances``: at the end of each of the days asked for. ``ages``: what is
    open of the balance by age, newest first; less than nothing where more was paid out than had come in. ``is_cash``:
    for cash alone, which waits for nobody."""

    account: str
    name: str
    currency: str
    balances: list[int]
    ages: tuple[int, ...]
    is_cash: bool = False

    @property
    def balance(self) -> int:
        """How it stands now."""
        return self.balances[-1]


def clearing_of(company: Company, first: date, last: date) -> list[Clearing]:
    """The tender accounts of ``company`` from ``first`` through ``last``, those with most in them first.

    Counted is what is in the accounting software through us; what others entered there is not known here.
    """
    accounts = _tender_accounts(company)
    begin = min(first, last - timedelta(days=AGES[-1] + 1)) - timedelta(days=1)
    flows: dict[tuple[str, str], list[Flow]] = {}
    for account, currency, day, came, went in sql.rows(_FLOWS, (begin, company.pk, last, list(accounts))):
        flows.setdefault((account, currency), []).append(Flow(day, came, went))
    names = account_names(company.pk) if flows else {}
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    found = [
        Clearing(
            account, names.get(account, account), currency, balances(own, days), aged(own, last), accounts[account]
        )
        for (account, currency), own in flows.items()
    ]
    return sorted(found, key=lambda each: (-abs(each.balance), each.name, each.currency))


def balances(flows: Iterable[Flow], days: Sequence[date]) -> list[int]:
    """The balance at the end of each of ``days``, which are in order like ``flows``."""
    found, balance = [], 0
    rest = iter(flows)
    flow = next(rest, None)
    for day in days:
        while flow is not None and flow.day <= day:
            balance += flow.came - flow.went
            flow = next(rest, None)
        found.append(balance)
    return found


def aged(flows: Sequence[Flow], today: date) -> tuple[int, ...]:
    """The balance by how old it is, the newest first: what went out is taken to have settled the oldest first."""
    left = sum(flow.came - flow.went for flow in flows)
    sign = 1 if left >= 0 else -1
    ages = [0] * (len(AGES) + 1)
    for flow in reversed(flows):
        part = min(abs(left), flow.came if sign > 0 else flow.went)
        ages[sum((today - flow.day).days > age for age in AGES)] += sign * part
        left -= sign * part
    return tuple(ages)


def _tender_accounts(company: Company) -> dict[str, bool]:
    """Account → whether it is for cash alone."""
    found: dict[str, bool] = {}
    for version in company.book_versions.order_by("-number")[:MOST_VERSIONS]:
        for name, account in version.book.accounts.items():
            head, _, method = name.partition("@")[0].partition(":")
            if head == "tender":
                found[account] = found.get(account, True) and method.partition(":")[0] == "cash"
    return found
