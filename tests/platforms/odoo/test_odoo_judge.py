"""OdooRPC, a library of others, reads whatever we wrote: each kind of document, its items, taxes and matching."""

from __future__ import annotations

from collections import Counter
from typing import Any

import odoorpc
import pytest

from connectors.session import Session
from ledger.documents import Document
from tests.platforms.odoo.fake import DATABASE, LOGIN, Fake
from tests.platforms.odoo.orm import VAT20
from tests.platforms.outgoing import Chart, documents, nowhere, wired

CASES = tuple(documents(nowhere()))
TYPES = {"invoice": "out_invoice", "credit_note": "out_refund", "bill": "in_invoice"}

pytestmark = [pytest.mark.django_db, pytest.mark.parametrize("fake", ["jsonrpc"], indirect=True)]


def client_of(fake: Fake) -> Any:
    client = odoorpc.ODOO("127.0.0.1", port=fake.server.port)
    client.login(DATABASE, LOGIN, fake.key)
    return client


def pushed(fake: Fake, case: str) -> tuple[Document, Chart]:
    with wired("odoo", fake) as wire:
        wanted = documents(wire.chart)[case]
        wire.sent_for(wanted)
        return wanted[-1], wire.chart


@pytest.mark.parametrize("case", CASES)
def test_odoorpc_reads_each_kind_of_document_as_it_was_meant(fake: Fake, case: str) -> None:
    document, _ = pushed(fake, case)
    moves = client_of(fake).env["account.move"]
    [found] = moves.search([["ref", "=", document.header.reference]])
    move = moves.browse(found)
    assert (move.state, str(move.date), move.move_type) == (
        "posted", document.header.date.isoformat(), TYPES.get(document.kind, "entry"),
    )  # fmt: skip
    assert move.narration == document.header.narration
    theirs: Counter[str] = Counter()
    for line in move.line_ids:
        theirs[line.account_id.code] += round(line.balance * 100)
        assert line.balance == line.amount_currency
    ours: Counter[str] = Counter()
    for entry in document.entries():
        ours[entry.account] += entry.debit - entry.credit
    assert +theirs == +ours
    assert -theirs == -ours
    if document.kind == "payment":
        control = [line for line in move.line_ids if line.account_id.code == document.control]
        assert [line.reconciled for line in control] == [True]
        assert control[0].matched_debit_ids or control[0].matched_credit_ids


@pytest.mark.parametrize("case", ["invoice", "credit_note"])
def test_odoorpc_finds_the_taxes_on_the_lines_and_on_the_tax_item(fake: Fake, case: str) -> None:
    document, _ = pushed(fake, case)
    env = client_of(fake).env
    [found] = env["account.move"].search([["ref", "=", document.header.reference]])
    lines = env["account.move.line"]
    shown = lines.read(lines.search([["move_id", "=", found]]), ["display_type", "tax_ids", "tax_line_id", "balance"])
    by_type: dict[str, list[dict[str, Any]]] = {}
    for line in shown:
        by_type.setdefault(line["display_type"], []).append(line)
    taxed = [line for line in by_type["product"] if line["tax_ids"]]
    assert [line["tax_ids"] for line in taxed] == [[VAT20]] * sum(bool(line.tax_code) for line in document.lines)
    [tax] = by_type["tax"]
    sign = -1 if case == "invoice" else 1
    assert (tax["tax_line_id"][0], round(tax["balance"] * 100)) == (VAT20, sign * sum(x.tax for x in document.lines))


def test_odoorpc_sees_nothing_of_what_was_taken_back(fake: Fake) -> None:
    with wired("odoo", fake) as wire:
        session: Session = wire.session
        made = [wire.platform.push(session, case[-1]) for case in documents(wire.chart).values() if len(case) == 1]
        for each in made:
            wire.platform.void(session, each.remote_id, "")
    moves = client_of(fake).env["account.move"]
    assert moves.search([["state", "=", "posted"]]) == []
    assert len(moves.search([["state", "=", "cancel"]])) == len(made)
