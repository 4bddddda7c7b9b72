"""The chain as text, for a person at a terminal or on a page."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from commerce_sync.explain_chain import LegLine, RawRow, RecordChain, Version
from commerce_sync.explain_documents import Delivery, DocumentChain, SourceLine, Sources
from ledger.money import format_minor

_WIDTH: Final = 100
_DOCUMENTS_SHOWN: Final = 4


def record_text(chain: RecordChain, names: dict[str, str]) -> str:
    """A record from its raw payload to the platform's answer."""
    kind = chain.kind.replace("_", " ").capitalize()
    amount = f"{chain.currency} {format_minor(chain.total, chain.currency)}"
    lines = [f"{kind} {chain.external_id} of {chain.company}, from {chain.source}: {amount}", "═" * _WIDTH]
    for version in chain.versions:
        lines += _version(version, chain, names)
    lines += ["", f"Documents{'' if chain.documents else ': none, it is not in the books'}", "─" * _WIDTH]
    for document in chain.documents[:_DOCUMENTS_SHOWN]:
        lines += ["", *_indented(document.text), "", *_indented("\n".join(_posting(document)))]
    for document in chain.documents[_DOCUMENTS_SHOWN:]:
        lines.append(f"    also {document.kind.replace('_', ' ')} {document.reference} of {document.dated}")
    return "\n".join(line.rstrip() for line in lines) + "\n"


def document_text(
    chain: DocumentChain, sources: Sources, names: dict[str, str], *, account: str = "", limit: int = 20
) -> str:
    """A document with its posting, delivery and the records that add up to it; with ``account`` only those on it."""
    lines = [f"{chain.company}", "═" * _WIDTH, chain.text, *_posting(chain), ""]
    told = [line for line in sources.lines if not account or account in line.accounts]
    verdict = "add up to its posting's documents, account by account" if sources.adds_up else "DO NOT ADD UP to it"
    lines += [f"Records   {len(sources.lines):,} {verdict}", "─" * _WIDTH]
    if account:
        total = format_minor(sum(line.accounts[account] for line in told), chain.currency)
        lines.append(f"{len(told):,} of them on {names.get(account, account)}, {total} in all:")
    lines += [_source(line, chain.currency, account) for line in told[:limit]]
    if len(told) > limit:
        lines.append(f"… and {len(told) - limit:,} more (--limit shows more)")
    lines += ["", "From a record to its raw payload: manage.py explain '#NUMBER' (the number in the first column)."]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _source(line: SourceLine, currency: str, account: str) -> str:
    amount = line.accounts[account] if account else sum(value for value in line.accounts.values() if value > 0)
    where = f"page {line.page} row {line.page_row}" if line.page is not None else "no page"
    name = f"{line.kind.replace('_', ' ')} {line.external_id}"
    return f"  #{line.number:<10}{name:<52} {format_minor(amount, currency):>16}  {where}"


def _version(version: Version, chain: RecordChain, names: dict[str, str]) -> Iterable[str]:
    state = "current" if version.is_current else "overtaken by a newer one"
    gone = ", deleted at the platform" if version.is_deleted else ""
    yield ""
    yield f"Version {version.revision} of {len(chain.versions)} (#{version.number}), {state}{gone}"
    yield f"changed there {version.updated_at:%Y-%m-%d %H:%M:%S %Z}, here {version.received_at:%Y-%m-%d %H:%M:%S %Z}"
    yield "─" * _WIDTH
    yield from _raw(version.raw)
    yield "2  Canonical record"
    if version.erased_at is not None:
        yield f"     what it said of a person was erased on {version.erased_at:%Y-%m-%d}; its digest is older"
    yield from _indented(_pretty(version.canonical))
    yield "3  Where it stands"
    for stand in version.standings:
        posted = f": {stand.posted}, under book version {stand.book_version}" if stand.posted else ""
        left = f"; taken out again by {stand.left_by}" if stand.left_by else ""
        yield f"     {stand.state}{posted}{left}"
    yield from (f"     {problem}" for problem in version.problems)
    yield f"4  Legs ({version.legs_under})"
    yield from _legs(version.legs, chain.currency, names)


def _raw(raw: RawRow) -> Iterator[str]:
    if raw.dataset:
        received = f"{raw.received_at:%Y-%m-%d %H:%M:%S}"
        yield f"1  Raw payload: page {raw.page} of {raw.dataset}, row {raw.row}, received {received}"
    else:
        yield "1  Raw payload"
    if raw.absent:
        yield f"     {raw.absent}"
    else:
        yield from _indented(_pretty(raw.payload))


def _legs(legs: Iterable[LegLine], currency: str, names: dict[str, str]) -> Iterator[str]:
    empty = True
    for leg in legs:
        empty = False
        debit = format_minor(leg.amount, currency) if leg.amount > 0 else ""
        credit = format_minor(-leg.amount, currency) if leg.amount < 0 else ""
        side = "Dr" if leg.amount > 0 else "    Cr"
        where = f"{side} {names.get(leg.account, leg.account) or '(no account)'}"
        yield f"     {leg.day}  {where:<42} {debit:>12} {credit:>12}  {leg.role}"
    if empty:
        yield "     none: it moves nothing"


def _posting(chain: DocumentChain) -> list[str]:
    times = "posted for the first time" if chain.revision == 0 else f"adjustment {chain.revision}"
    group = f", {chain.label}" if chain.label else ""
    withdrawn = "  WITHDRAWN: it never left and never will" if chain.is_withdrawn else ""
    return [
        f"Posting   {chain.day} {chain.currency}{group}, {times}, book version {chain.book_version}{withdrawn}",
        f"Sync      {chain.act}",
        f"Key       {chain.key}",
        f"Delivery  {_delivery(chain.delivery)}",
    ]


def _delivery(delivery: Delivery) -> str:
    if not delivery.remote_id:
        why = f": {delivery.failure} {delivery.remedy}".rstrip() if delivery.failure else ""
        to = f" for {delivery.platform}" if delivery.platform else ""
        return f"{delivery.state}{to}{why}"
    agrees = {True: "reads back the same", False: "READS BACK DIFFERENT", None: "not read back"}[delivery.agrees]
    url = f" {delivery.url}" if delivery.url else ""
    since = f"{delivery.bound_at:%Y-%m-%d %H:%M:%S}"
    return f"{delivery.state}, at {delivery.platform} as {delivery.remote_id}{url} since {since}, {agrees}"


def _pretty(raw: msgspec.Raw) -> str:
    return json.dumps(msgspec.json.decode(raw), indent=2, ensure_ascii=False)


def _indented(text: str) -> list[str]:
    return [f"     {line}" if line else "" for line in text.rstrip("\n").split("\n")]
