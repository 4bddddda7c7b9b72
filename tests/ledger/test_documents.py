"""Documents state their own debits and credits, and are shown the way an accountant writes them."""

from __future__ import annotations

from datetime import date

import pytest

from ledger.documents import (
    REFERENCE_LENGTH,
    Bill,
    CreditNote,
    Deposit,
    Document,
    Entry,
    Header,
    Invoice,
    Journal,
    Line,
    Payment,
    TaxPart,
    decode_document,
    encode_document,
    is_balanced,
    reference_for,
)
from ledger.render import render, render_all

HEADER = Header("key", "CS-1", date(2026, 11, 20), "GBP", "sales")
LINE = Line("Sales", 1000, "Shirts", tax_code="V", taxes=(TaxPart("VAT", 200), TaxPart("Levy", 0)))
FREE = Line("Samples", 0, "Free samples")
DOCUMENTS: list[tuple[Document, int, list[Entry]]] = [
    (
        Journal(HEADER, (Line("Cash", 1200, "Cash"), Line("Sales", -1200, "Sales"))),
        1200,
        [Entry("Cash", 1200, 0), Entry("Sales", 0, 1200)],
    ),
    (
        Invoice(HEADER, "Ann", "AR", (LINE, FREE)),
        1200,
        [Entry("AR", 1200, 0), Entry("Sales", 0, 1000), Entry("VAT", 0, 200)],
    ),
    (
        CreditNote(HEADER, "Ann", "AR", (LINE,), draft=True),
        1200,
        [Entry("AR", 0, 1200), Entry("Sales", 1000, 0), Entry("VAT", 200, 0)],
    ),
    (
        Bill(HEADER, "Stripe", "AP", (LINE,)),
        1200,
        [Entry("AP", 0, 1200), Entry("Sales", 1000, 0), Entry("VAT", 200, 0)],
    ),
    (Payment(HEADER, "other", "AR", "Bank", 700, "in"), 700, [Entry("Bank", 700, 0), Entry("AR", 0, 700)]),
    (Payment(HEADER, "other", "AP", "Bank", 700, "out"), 700, [Entry("Bank", 0, 700), Entry("AP", 700, 0)]),
    (
        Deposit(HEADER, "Bank", (Line("Clearing", 900, "Card"), Line("Fees", -30, "Fees"))),
        870,
        [Entry("Bank", 870, 0), Entry("Clearing", 0, 900), Entry("Fees", 30, 0)],
    ),
]


@pytest.mark.parametrize(("document", "total", "entries"), DOCUMENTS)
def test_a_document_states_its_total_and_its_entries(document: Document, total: int, entries: list[Entry]) -> None:
    assert document.total == total
    assert document.entries() == entries
    assert is_balanced(document)
    assert decode_document(encode_document(document)) == document


def test_a_journal_that_does_not_balance_is_told_from_one_that_does() -> None:
    assert not is_balanced(Journal(HEADER, (Line("Cash", 1, "Cash"),)))


def test_a_reference_is_short_readable_and_of_its_key_alone() -> None:
    one = reference_for("a/2026-11-20", date(2026, 11, 20))
    assert one.startswith("CS261120-")
    assert len(one) == REFERENCE_LENGTH
    assert one == reference_for("a/2026-11-20", date(2026, 11, 20))
    assert one != reference_for("b/2026-11-20", date(2026, 11, 20))


def test_a_document_is_shown_with_parties_lines_taxes_and_both_columns() -> None:
    shown = render(DOCUMENTS[1][0], names={"AR": "Accounts receivable"})
    assert shown.startswith("Invoice CS-1 · 2026-11-20 · GBP\nsales, to Ann\n")
    assert "Shirts → Sales" in shown
    assert "[V]" in shown
    assert "Dr  Accounts receivable" in shown
    assert shown.rstrip().split()[-2:] == ["12.00", "12.00"]
    assert "sales, to Ann (draft)" in render(DOCUMENTS[2][0])
    assert "sales, from Stripe" in render(DOCUMENTS[3][0])
    assert "sales, out" in render(DOCUMENTS[5][0])


def test_an_invoice_to_nobody_and_a_line_named_like_its_account_say_it_once() -> None:
    shown = render(Invoice(HEADER, "", "AR", (Line("Tips", 5, "Tips"), FREE)))
    assert "sales\n" in shown
    assert "Tips → " not in shown


def test_lines_of_a_journal_on_one_account_say_what_each_is_for() -> None:
    lines = (
        Line("Cash", 3, "Cash", tracking=(("Shop", "Soho"),)),
        Line("Tips", -1, "Tip", about="sale"),
        Line("Tips", -3, "Tip", about="cash"),
        Line("Tips", 1, "Other tips"),
    )
    shown = render(Journal(HEADER, lines))
    for words in ("Cash (Shop: Soho)", "Tips (Tip, sale)", "Tips (Tip, cash)", "Tips (Other tips)"):
        assert words in shown


def test_all_documents_are_shown_with_a_line_between_them() -> None:
    documents = [document for document, _, _ in DOCUMENTS]
    assert render_all(documents).count("\n\n") >= len(documents) - 1
    assert render_all([]) == ""
