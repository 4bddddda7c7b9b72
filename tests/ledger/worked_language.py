"""The language of the worked examples in ``worked/*.txt``: a title, some prose, books and records, then documents.

    Daily sales                                    the title
    patterns 2                                     the section of the accounting patterns that it shows
    Prose, as many lines as it needs.

    book GBP Europe/London journal                 currency, zone, mode; then any of:
      policy discounts=net
      account tender:cash = Cash drawer            beside the usual accounts (worked_accounts.py); "= none" takes
      tax vat20 = 20% VAT                              one away
      tracking Site location Soho=S1
      suspense none                                or supplier, customer, locked, through, start
    order A1 at 2026-03-02 12:00 due=5.00          records in local time and major units; the parts are indented
      product Shirt 100.00 tax=vat20:20.00             kind, label, net, options
      paid cash 115.00                                 method, amount, options
    post                                           closes a batch; what follows is a later posting

A later ``book`` changes what it names. After a ruler of dashes come the documents, as `outcome` prints them.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
from worked_accounts import USUAL_ACCOUNTS
from worked_records import read_record

from ledger.book import Book, Policy, TaxCode, Tracking
from ledger.calendar import DayRule
from ledger.closing import Context, Posted, post
from ledger.commerce import KIND_OF, Deleted, Order, Payout, Record, Refund
from ledger.legs import Group
from ledger.per_payout import Settlement, settlements
from ledger.posting import Change, Tally
from ledger.problems import Problem
from ledger.render import render_all
from ledger.rules.refunds import derive

RULER: Final = "-" * 100


@dataclass(frozen=True)
class Batch:
    """What one posting gets: the book in force, the records that came since the last one, and its limits."""

    book: Book
    records: tuple[Record, ...]
    locked: date | None
    through: date


@dataclass(frozen=True)
class Example:
    """A worked example as written: ``head`` is everything above the ruler, ``expected`` everything below it."""

    path: Path
    title: str
    section: str
    prose: str
    source: str
    expected: str
    batches: tuple[Batch, ...]


def read_example(path: Path) -> Example:
    """The example in the file at ``path``; a line that cannot be read raises with its words."""
    head, _, expected = path.read_text().partition(RULER + "\n")
    title, section, *rest = head.splitlines()
    start = next(number for number, line in enumerate(rest) if line.startswith("book "))
    prose, source = "\n".join(rest[:start]).strip(), "\n".join(rest[start:]).strip()
    return Example(path, title, section, prose, source, expected, tuple(_batches(source)))


def written(example: Example, expected: str) -> str:
    """The text of the file with the documents that ``example`` leads to."""
    return f"{example.title}\n{example.section}\n{example.prose}\n\n{example.source}\n{RULER}\n{expected}"


def _blocks(source: str) -> Iterator[tuple[str, list[str]]]:
    """A line at the margin, and the indented ones below it."""
    head, parts = "", []
    for line in (line for line in source.splitlines() if line.strip()):
        if line.startswith(" "):
            parts.append(line.strip())
            continue
        if head:
            yield head, parts
        head, parts = line, []
    yield head, parts


def _batches(source: str) -> Iterator[Batch]:
    setting = _Setting()
    records: list[Record] = []
    for head, parts in _blocks(source):
        word, *words = shlex.split(head)
        if word == "book":
            setting.read(words, parts)
        elif word == "post":
            yield Batch(setting.book, tuple(records), setting.locked, setting.through)
            records = []
        else:
            records.append(read_record(head, parts, setting.book.days[0].zone, setting.book.currency))
    if records:
        yield Batch(setting.book, tuple(records), setting.locked, setting.through)


class _Setting:
    """The book as the example's words leave it."""

    def __init__(self) -> None:
        accounts = dict(USUAL_ACCOUNTS)
        self.book = Book("GBP", (), accounts=accounts, customer="Daily sales", suspense="Suspense")
        self.locked: date | None = None
        self.through = date(2026, 12, 31)

    def read(self, words: list[str], parts: list[str]) -> None:
        if words:
            rule = DayRule(date(2020, 1, 1), words[1], 0)
            self._replace(currency=words[0], days=(rule,), mode=words[2])
        for part in parts:
            word, _, rest = part.partition(" ")
            self._read_one(word, rest)

    def _read_one(self, word: str, rest: str) -> None:
        key, _, value = rest.partition(" = ")
        match word:
            case "policy":
                self._policy(rest.split())
            case "account":
                kept = {role: account for role, account in self.book.accounts.items() if role != key}
                self._replace(accounts=kept if value == "none" else kept | {key: value})
            case "tax":
                self._replace(tax_codes=(*self.book.tax_codes, TaxCode(key, value)))
            case "tracking":
                dimension, by, *options = shlex.split(rest)
                chosen = dict(option.split("=") for option in options)
                self._replace(tracking=(Tracking(dimension, by, chosen),))  # type: ignore[arg-type]
            case "suspense" | "customer" | "supplier":
                self._replace(**{word: "" if rest == "none" else rest})
            case "start":
                self._replace(start_on=date.fromisoformat(rest))
            case "locked" | "through":
                setattr(self, word, date.fromisoformat(rest))
            case _:
                raise ValueError(f"“{word}” is no word of a book")

    def _replace(self, **fields: Any) -> None:
        self.book = msgspec.structs.replace(self.book, **fields)

    def _policy(self, words: list[str]) -> None:
        chosen: dict[str, Any] = msgspec.to_builtins(self.book.policy)
        for name, value in (word.split("=") for word in words):
            chosen[name] = [value] if name == "group_by" else value
        self._replace(policy=msgspec.convert(chosen, Policy, strict=False))


def outcome(example: Example) -> str:
    """What the example's postings leave behind, as text: documents, and below them what stays out and why."""
    standing: dict[str, tuple[Record, Book]] = {}
    revisions: dict[Group, int] = {}
    texts = []
    for number, batch in enumerate(example.batches, 1):
        changes = list(_changes(batch, standing))
        tally = Tally(batch.book, _settled(example, batch))
        context = Context("example", batch.through, batch.locked, revisions)
        posted = post(enumerate(change for _, change in changes), tally, context)
        for handle, (identity, change) in enumerate(changes):
            if handle not in posted.refused and handle not in posted.held and change.after is not None:
                standing[identity] = (change.after, batch.book)
        revisions |= {g.group: g.revision + 1 for g in posted.groups if g.documents}
        title = f"Posting {number}\n\n" if len(example.batches) > 1 else ""
        texts.append(title + _told(posted, [identity for identity, _ in changes]))
    return "\n".join(texts)


def _changes(batch: Batch, standing: dict[str, tuple[Record, Book]]) -> Iterator[tuple[str, Change]]:
    """The batch's records, and after a change of the book everything that was posted under the former one."""
    orders = {record.id: record for record in batch.records if isinstance(record, Order)}
    orders |= {record.id: record for record, _ in standing.values() if isinstance(record, Order)}
    new = {}
    for record in batch.records:
        kind = "" if isinstance(record, Deleted) else KIND_OF[type(record)].replace("_", " ")
        identity = next((name for name in standing if name.endswith(f" {record.id}")), f"{kind} {record.id}")
        derivable = isinstance(record, Refund) and record.lines is None and record.order_id in orders
        new[identity] = derive(record, orders[record.order_id]) if derivable else record  # type: ignore[arg-type,union-attr]
    for identity, (record, book) in standing.items():
        if identity in new:
            yield identity, Change(new.pop(identity), record, book)
        elif book != batch.book:
            yield identity, Change(record, record, book)
    for identity, record in new.items():
        yield identity, Change(record)


def _settled(example: Example, until: Batch) -> dict[str, Settlement]:
    found: dict[str, Settlement] = {}
    for batch in example.batches[: example.batches.index(until) + 1]:
        for record in batch.records:
            if isinstance(record, Payout):
                found |= settlements(record, batch.book.calendar.day_of(record.arrives_on))
    return found


def _told(posted: Posted, names: list[str]) -> str:
    parts = [render_all(posted.documents)] if posted.documents else ["No documents.\n"]
    refused = [f"Refused: {names[handle]}. {_sentence(p)}\n" for handle, p in posted.refused.items()]
    held = [f"Held: {names[handle]}. {_sentence(problem)}\n" for handle, problem in posted.held.items()]
    notices = [f"Notice: {_sentence(problem)}\n" for problem in posted.notices]
    tail = "".join(refused + held + notices)
    return "\n".join([*parts, tail] if tail else parts)


def _sentence(problem: Problem) -> str:
    return f"{problem.sentence} ({problem.code})"
