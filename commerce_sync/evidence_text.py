"""The evidence of a document as a text to be read, printed and filed. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Final

import msgspec

from commerce_sync.evidence import Evidence, EvidenceRecord
from ledger.money import format_minor
from ledger.render import render

_WIDTH: Final = 100


def evidence_text(evidence: Evidence) -> str:
    """`evidence` from the document down to the raw rows, as text that ends in a newline."""
    row = evidence.document.row
    lines = [
        f"Evidence of {row.kind.replace('_', ' ')} {row.reference}",
        f"{evidence.company.name} ({evidence.company.public_id}), made {_when(evidence.made_at)}",
        *_section("1  The document"),
        *render(row.document, evidence.names).splitlines(),
        *_section("2  How it was posted and delivered"),
        *_posting(evidence),
        *_section("3  The mapping that decided about it"),
        *_mapping(evidence),
        *_section("4  The records that it is made of"),
        *_records(evidence),
    ]
    for found in evidence.records:
        lines += _record(found)
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _section(title: str) -> list[str]:
    return ["", title, "═" * _WIDTH]


def _posting(evidence: Evidence) -> Iterator[str]:
    row = evidence.document.row
    posting = row.posting
    times = "posted for the first time" if posting.revision == 0 else f"adjustment {posting.revision}"
    group = f", {posting.label}" if posting.label else ""
    yield f"Posting   {posting.day} {posting.currency}{group}, {times}, {_when(posting.created_at)}"
    yield f"Run       {posting.act}"
    yield f"Key       {row.key}"
    yield f"State     {evidence.document.state}"
    for name, at in (("Withdrawn", row.withdrawn_at), ("Voided", row.voided_at)):
        if at is not None:
            yield f"{name:<10}{_when(at)}"
    for sibling in evidence.siblings:
        yield f"Together with {sibling.kind.replace('_', ' ')} {sibling.reference} of {sibling.date}"
    item = evidence.item
    if item is not None:
        yield f"Delivery  {item.attempts} attempts to {item.connection.platform}, last {_when(item.updated_at)}"
        if item.failure_code:
            yield f"          {item.failure_sentence} {item.failure_remedy}"
        if item.binding is not None:
            url = f" {item.binding.url}" if item.binding.url else ""
            yield f"There     {item.binding.remote_id}{url} since {_when(item.binding.bound_at)}"
            agrees = {True: "reads back the same", False: "READS BACK DIFFERENT", None: "not read back"}
            read_at = None if item.binding.agrees is None else item.binding.verified_at
            verified = f", {_when(read_at)}" if read_at else ""
            yield f"Verified  {agrees[item.binding.agrees]}{verified}"
            yield f"Answer    {json.dumps(evidence.answer, ensure_ascii=False, default=str)}"
    for event in evidence.events:
        detail = json.dumps(event.detail, ensure_ascii=False, default=str) if event.detail else ""
        yield f"Audit     {_when(event.at)} {event.code} by {event.actor} {detail}"


def _mapping(evidence: Evidence) -> Iterator[str]:
    version = evidence.mapping
    yield f"Version {version.number} by {version.author}, {_when(version.created_at)}: {version.reason or 'no reason'}"
    yield ""
    for used in evidence.fields:
        value = evidence.names.get(used.value, used.value)
        yield f"  {used.field:<40} {value:<32} for {', '.join(used.roles)}"


def _records(evidence: Evidence) -> Iterator[str]:
    part = evidence.part
    verdict = {
        True: "they add up to the documents of its posting, account by account",
        False: "THEY DO NOT ADD UP to the documents of its posting",
        None: "the run is too large to add them up again here",
    }[part.adds_up]
    yield f"{part.total:,} records; {verdict}."
    if len(evidence.records) < part.total:
        yield f"{len(evidence.records):,} of them follow; ask for the other pages of this evidence to see the rest."


def _record(found: EvidenceRecord) -> Iterator[str]:
    record = found.record
    gone = ", deleted at the platform" if record.is_deleted else ""
    amount = f"{record.currency} {format_minor(record.total, record.currency)}"
    yield from ("", f"{record.kind.replace('_', ' ').capitalize()} {record.external_id}: {amount}", "─" * _WIDTH)
    yield f"Version {record.revision}{gone}, changed there {_when(record.updated_at)}"
    yield f"received here {_when(record.received_at)}, digest {record.digest}"
    if record.erased_at is not None:
        yield f"what it said of a person was erased on {record.erased_at:%Y-%m-%d}; the digest is of what was received"
    if record.url:
        yield record.url
    for account, signed in sorted(record.accounts.items()):
        yield f"  {'Dr' if signed > 0 else 'Cr'} {account:<30} {format_minor(abs(signed), record.currency):>16}"
    yield "Canonical record"
    yield from [f"  {found.left_out}"] if found.left_out else _pretty(record.canonical)
    where = f"page {found.raw.page} of {found.raw.dataset}, row {found.raw.row}" if found.raw.dataset else ""
    yield f"Raw payload {where}".rstrip()
    yield from [f"  {found.raw.absent}"] if found.raw.absent else _pretty(found.raw.payload)


def _pretty(raw: msgspec.Raw) -> list[str]:
    text = json.dumps(msgspec.json.decode(raw), indent=2, ensure_ascii=False)
    return [f"  {line}" for line in text.splitlines()]


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
