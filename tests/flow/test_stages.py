"""The stages of choosing: what is offered, kept, refused, and what two windows do."""

from __future__ import annotations

import pytest

from commerce_sync.models import SetupDraft
from tests.flow.cast import a_linked_merchant, inside

pytestmark = pytest.mark.django_db
FEES = "/flow/fees"


def test_what_is_chosen_is_kept_in_a_draft_that_no_sync_sees() -> None:
    company = a_linked_merchant()
    browser = inside(company)
    assert browser.get(FEES).status_code == 200
    answered = browser.post(FEES, {"seen": "0", "keeps_fees": "1", "account:paymentFee": "6010"})
    assert (answered.status_code, answered["Location"]) == (302, "/flow/payments")
    draft = SetupDraft.objects.get(company=company)
    assert draft.stages == ["fees"]
    assert draft.book.account("fee", "GBP") == "6010"
    assert not company.book_versions.exists()
