"""What each platform can do here, read off its declarations: the matrix that people see. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from connectors.declare import ApiKey, Auth, BasicLogin, OAuth2
from connectors.ledger_facts import TellsBank, TellsLedger
from connectors.platform import AccountingPlatform, CommercePlatform, Platform

RECORDS: Final = ("order", "refund", "fee", "payout", "dispute", "gift_card_change", "cash_movement")
DOCUMENTS: Final = ("Journal", "Invoice", "CreditNote", "Payment", "Bill", "Deposit")
_YES: Final = "✓"
_DAY: Final = 86_400  # seconds
Row = tuple[str, ...]


def access(auth: Auth) -> str:
    """How a merchant lets us in."""
    match auth:
        case OAuth2():
            return "OAuth 2" + " with PKCE" * auth.pkce + " or key" * (auth.key is not None)
        case ApiKey():
            return "key"
        case BasicLogin():
            return "key and secret"
        case _:
            return "none needed"


def sources(platforms: Iterable[CommercePlatform]) -> list[Row]:
    """The matrix of where sales come from, with its head."""
    kinds = [kind.replace("_", " ") for kind in RECORDS]
    rows: list[Row] = [("Platform", "Access", *kinds, "Names", "Stock", "Webhooks", "Calls a minute")]
    for platform in platforms:
        told = {kind for stream in platform.streams.values() for kind in stream.kinds}
        named = sum(not stream.kinds for stream in platform.streams.values())
        stock = _YES if any(stream.stock for stream in platform.streams.values()) else ""
        webhooks = _YES if platform.webhooks else ""
        facts = (*(_YES if kind in told else "" for kind in RECORDS), str(named or ""), stock, webhooks)
        rows.append((platform.name, access(platform.auth), *facts, _rate(platform)))
    return rows


def targets(platforms: Iterable[AccountingPlatform]) -> list[Row]:
    """The matrix of where documents go, with its head."""
    rows: list[Row] = [
        (
            *(
                "Platform",
                "Access",
                *DOCUMENTS,
                "Purchase orders",
                "Takes back",
                "Safe to repeat by",
                "Webhooks",
                "Ledger told",
            ),
            "Calls a minute",
        )
    ]
    for platform in platforms:
        taken = tuple(_YES if kind in platform.document_kinds else "" for kind in DOCUMENTS)
        back = "all" if len(platform.voids) >= len(platform.document_kinds) else ", ".join(sorted(platform.voids))
        orders = "drafts" if platform.drafts_orders else ""
        webhooks = _YES if platform.webhooks else ""
        told = (*taken, orders, back, _safety(platform), webhooks, _ledger(platform), _rate(platform))
        rows.append((platform.name, access(platform.auth), *told))
    return rows


def _ledger(platform: AccountingPlatform) -> str:
    """What it tells of its own ledger, for our documents to be compared with."""
    if platform.local:
        return "all of it, here"
    told = ["balances", "entries"] if isinstance(platform, TellsLedger) else []
    told += ["bank statements"] if isinstance(platform, TellsBank) else []
    return ", ".join(told)


def _safety(platform: AccountingPlatform) -> str:
    if platform.local:
        return "our own transaction"
    safety = platform.safety
    ways = []
    if safety.idempotency is not None:
        ways.append("key" if safety.idempotency == "permanent" else f"key for {safety.idempotency} s")
    ways += ["unique reference"] * safety.unique_ref + ["search"] * safety.search_by_ref
    return ", ".join(ways) or "nothing: a person decides"


def _rate(platform: Platform) -> str:
    """The least of its rates, in calls a minute; what is counted over a day beside it."""
    if platform.local:
        return ""
    short = [rate.calls * 60 / rate.seconds for rate in platform.budget.rates if rate.seconds < _DAY]
    long = [rate.calls for rate in platform.budget.rates if rate.seconds >= _DAY]
    told = [f"{min(short):,.0f}"] if short else []
    told += [f"{min(long):,} a day"] if long else []
    return ", ".join(told) or "not published"


def as_markdown(rows: Sequence[Row]) -> str:
    """The matrix as a Markdown table."""
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def as_text(rows: Sequence[Row]) -> str:
    """The matrix in columns, for a terminal."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )
