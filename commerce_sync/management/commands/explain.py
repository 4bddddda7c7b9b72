"""`manage.py explain DOCUMENT|RECORD`: from any amount in the books to the raw payload that it came from."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import msgspec
from django.core.management.base import BaseCommand, CommandError

from commerce_sync.explain import MOST_CANDIDATES, Subject, find
from commerce_sync.explain_chain import record_chain
from commerce_sync.explain_documents import account_names, document_chain, sources_of
from commerce_sync.explain_text import document_text, record_text
from commerce_sync.lookup import AmbiguousCompany, UnknownCompany, company_named


class Command(BaseCommand):
    help = (
        "Explain a document or a record: raw payload → record versions → where they stand → legs → document → what the "
        "accounting platform has. The argument is a document's reference (CS261117-…, as a ledger line shows it) or "
        "key, a record's id at its platform, an order's number, or our own number of a record (#17). "
        "Exit codes: 0 explained; 1 nothing is called that, or several things are (they are listed)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The argument and the options."""
        parser.add_argument("subject", metavar="DOCUMENT|RECORD", help="a reference, key, id, order number or #number")
        parser.add_argument("--company", default="", help="look in this company only (name or public id)")
        parser.add_argument("--account", default="", help="of a document: only the records that are on this account")
        parser.add_argument("--limit", type=int, default=20, help="of a document: list so many records (20)")
        parser.add_argument("--json", action="store_true", help="everything as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Find the one thing that is meant and print its chain."""
        subject = _only(options["subject"], options["company"])
        if subject.kind == "record":
            chain = record_chain(subject.id)
            value: Any = {"record": chain}
            text = "" if options["json"] else record_text(chain, account_names(chain.company_id))
        else:
            document = document_chain(subject.id)
            sources = sources_of(document.posting_id)
            names = account_names(document.company_id)
            account = options["account"]
            if account and account not in document.accounts:
                there = ", ".join(sorted(names.get(each, each) for each in document.accounts))
                raise CommandError(f"{document.reference} has no line on {account!r}; it has: {there}.")
            value = {"document": document, "sources": sources}
            text = (
                ""
                if options["json"]
                else document_text(document, sources, names, account=account, limit=options["limit"])
            )
        if options["json"]:
            text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
        self.stdout.write(text)


def _only(said: str, company_said: str) -> Subject:
    try:
        company_id = company_named(company_said).pk if company_said else None
    except (UnknownCompany, AmbiguousCompany) as error:
        raise CommandError(str(error)) from None
    found = find(said, company_id)
    if len(found) == 1:
        return found[0]
    if not found:
        raise CommandError(
            f"Nothing is called {said!r}: no document reference or key, no record id, order number or record number."
        )
    listed = "\n".join(f"  {each.label}" for each in found)
    more = "\n  …" if len(found) == MOST_CANDIDATES else ""
    raise CommandError(
        f"{said!r} may be any of these; say #NUMBER, a document's reference, or --company:\n{listed}{more}"
    )
