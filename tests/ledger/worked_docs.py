"""docs/posting.md, made from the worked examples: prose here, numbers from the files that the tests prove."""

from __future__ import annotations

import re
from collections.abc import Iterable

from worked_accounts import USUAL_ACCOUNTS
from worked_language import Example

CHAPTERS = {
    "02": "Daily sales",
    "03": "Refunds",
    "04": "Tips, service charges, the cash office",
    "05": "Gift cards and store credit",
    "06": "Fees and payouts",
    "07": "Chargebacks",
    "08": "Currencies",
    "09": "Cost of goods",
    "10": "Deposits, on account, open checks, goods not shipped",
    "11": "Taxes",
    "12": "Modes and grouping",
    "13": "Changes, mapping and problems",
}

_INTRODUCTION = """# Posting

How each kind of record is booked, with numbers. This page is made from `tests/ledger/worked/*.txt`: the same files are
tests, so what you read here is what the code does. After a change, `pytest tests/ledger --update-worked` writes the
expectations and this page again; read the difference before you commit it.

## The idea

A **record** (an order, a refund, a fee, a payout …) is expanded by a **rule** into **legs**: debits and credits on
*roles* such as `sales:Food` or `tender:card`. Legs are summed by business day and currency (and by location, channel,
order or payout where the book asks for it). The **book** turns roles into accounts, and the sums become **documents**.

- *Gross, never net.* Sales at gross, fees as a cost, payouts through a clearing account that ends at zero.
- *Owed is not earned.* Tax, tips, gift cards and deposits are liabilities.
- *The record says, we do not recompute.* Tax comes from the record, to the minor unit; shares go by largest remainder.
- *What is true now, minus what is in the books.* A re-run posts nothing, a late change its difference, a deletion the
  opposite of what was posted. That needs no special case: a posting is `legs(after) − legs(before)`.
- *Prove, then plug.* A record that misses its own total is refused with the difference. A book may tolerate a unit or
  two a record; the rounding account is capped per day, and above the cap the day is held.
- *Whole or not at all.* A group with an open question is held whole, together with every group that shares a record
  with it; a role without an account goes to suspense, or holds the group, as the book says.

What is left out: subscriptions recognized straight-line over their service period (recognition here is at payment or
at fulfillment, line by line); a refund of goods that were never shipped debits returns and not deferred revenue;
revaluing foreign balances at the end of a month, which is the ledger's own job.

The examples write amounts in major units and local time. Each names its book, then its records, then shows what comes
out. Where a book does not say otherwise it has the [usual accounts](#the-usual-accounts).
"""


def posting_page(examples: Iterable[Example]) -> str:
    """The whole page, which ends in a newline."""
    chapters: dict[str, list[Example]] = {}
    for example in examples:
        chapters.setdefault(example.path.name[:2], []).append(example)
    contents = ["## Contents", ""]
    body = []
    for number, own in chapters.items():
        title = CHAPTERS[number]
        contents.append(f"- [{title}](#{_anchor(title)})")
        contents += [f"  - [{example.title}](#{_anchor(example.title)})" for example in own]
        body += [f"## {title}", "", *(_section(example) for example in own)]
    contents.append("- [The usual accounts](#the-usual-accounts)")
    return "\n".join([_INTRODUCTION, *contents, "", *body, _usual_accounts()])


def _section(example: Example) -> str:
    return (
        f"### {example.title}\n\n{example.prose}\n\n```text\n{example.source}\n```\n\n"
        f"```text\n{example.expected.rstrip()}\n```\n\n"
        f"<sub>{example.section} · tests/ledger/worked/{example.path.name}</sub>\n"
    )


def _usual_accounts() -> str:
    rows = [f"| `{role}` | {name} |" for role, name in sorted(USUAL_ACCOUNTS.items())]
    return "\n".join(["## The usual accounts", "", "| Role | Account |", "|---|---|", *rows, ""])


def _anchor(title: str) -> str:
    """The fragment that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
