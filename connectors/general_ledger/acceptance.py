"""What the built-in general ledger says to a document before anything is written. One statement for a whole batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple

from connectors.errors import RefusalReason, Refused
from connectors.general_ledger.entry_lines import EntryLine, content_digest, entry_lines
from ledger import sql
from ledger.documents import Document
from ledger.money import EXPONENTS

LARGEST_TOTAL: Final = 2**63 - 1  # bigint
LONGEST_REFERENCE: Final = 40
LONGEST_KEY_BYTES: Final = 2_000  # an index entry of PostgreSQL holds about 2,700

_BEFORE: Final = "SELECT * FROM books_before_push(%s, %s::text[], %s::text[], %s::text[], %s::text[])"


class Entered(NamedTuple):
    """A document in the books. ``fresh`` is false when it was there before, under the same key and content."""

    entry_id: int
    reference: str
    fresh: bool


Outcome = Entered | Refused


@dataclass(slots=True)
class Known:
    """What the first statement found: account code → id, the archived ones apart; key → what is there."""

    locked_through: date | None = None
    accounts: dict[str, int] = field(default_factory=dict)
    archived: set[str] = field(default_factory=set)
    tax_codes: set[str] = field(default_factory=set)
    entries: dict[str, tuple[int, bytes, str]] = field(default_factory=dict)
    references: dict[str, str] = field(default_factory=dict)


class Candidate(NamedTuple):
    """A document on its way in, with its lines and the digest of its content."""

    document: Document
    lines: list[EntryLine]
    digest: bytes


def candidate_of(document: Document) -> Candidate:
    """The document with what is needed of it twice."""
    return Candidate(document, entry_lines(document), content_digest(document))


def read_known(connection_id: int, candidates: Sequence[Candidate]) -> Known:
    """Hold the connection's row and read what counts for ``candidates``, in one statement."""
    accounts = {line.account for each in candidates for line in each.lines}
    tax_codes = {line.tax_code for each in candidates for line in each.lines if line.tax_code}
    headers = [each.document.header for each in candidates]
    keys, references = [header.key for header in headers], [header.reference for header in headers]
    names = [[storable(name) for name in list_] for list_ in (sorted(accounts), sorted(tax_codes), keys, references)]
    known = Known()
    found = sql.rows(_BEFORE, [connection_id, *names], keep_plan=True)
    for what, name, row_id, is_open, digest, reference, locked_through in found:
        match what:
            case "lock":
                known.locked_through = locked_through
            case "account":
                known.accounts[name] = row_id
                if not is_open:
                    known.archived.add(name)
            case "tax" if is_open:
                known.tax_codes.add(name)
            case "entry":
                known.entries[name] = (row_id, bytes(digest), reference)
            case "reference":
                known.references[reference] = name
    return known


def answer_without_writing(candidate: Candidate, known: Known) -> Outcome | None:
    """What is clear without writing: it is there already, or why it cannot be. None: it can be inserted."""
    header = candidate.document.header
    there = known.entries.get(header.key)
    if there is not None:
        entry_id, digest, reference = there
        same = digest == candidate.digest
        return Entered(entry_id, reference, False) if same else another_content(reference)
    if header.reference in known.references:
        return reference_taken(header.reference)
    return next(_refusals(candidate, known), None)


def _refusals(candidate: Candidate, known: Known) -> Iterator[Refused]:
    header, lines = candidate.document.header, candidate.lines
    debits, credits_ = sum(line.debit for line in lines), sum(line.credit for line in lines)
    if debits != credits_ or not 0 < debits <= LARGEST_TOTAL or len(lines) < 2:
        yield Refused(f"{header.reference}: debits are {debits} and credits {credits_}")
    if header.currency not in EXPONENTS:
        yield Refused(f"{header.reference}: {header.currency!r} is not a currency")
    if not 0 < len(header.key.encode()) <= LONGEST_KEY_BYTES or "\x00" in header.key:
        yield Refused(f"{header.key[:100]!r} cannot be a key")
    if not 0 < len(header.reference) <= LONGEST_REFERENCE or "\x00" in header.reference:
        yield Refused(f"{header.reference[:100]!r} cannot be a reference")
    if known.locked_through is not None and header.date <= known.locked_through:
        detail = f"{header.date} is in the period that is locked through {known.locked_through}"
        yield Refused(detail, reason=RefusalReason.PERIOD_LOCKED)
    codes = {line.account for line in lines}
    gone = sorted(codes & known.archived or codes - known.accounts.keys())
    if gone:
        words = "is archived" if gone[0] in known.archived else "is not in the chart of accounts"
        yield Refused(f"the account {gone[0]!r} {words}", reason=RefusalReason.ACCOUNT_INACTIVE)
    for code in sorted({line.tax_code for line in lines if line.tax_code} - known.tax_codes):
        yield Refused(f"there is no active tax rate {code!r}", reason=RefusalReason.TAX_RATE_GONE)


def another_content(reference: str) -> Refused:
    """The key is in the books with another content: never overwritten."""
    detail = f"{reference} is in the books already, with other amounts, accounts or date"
    return Refused(detail, reason=RefusalReason.DUPLICATE)


def reference_taken(reference: str) -> Refused:
    """The reference is in the books under another key."""
    return Refused(f"another document has the reference {reference}", reason=RefusalReason.DUPLICATE)


def storable(text: str) -> str:
    """PostgreSQL keeps every character but this one."""
    return text.replace("\x00", "")
