"""What PostgreSQL refuses of the rows behind the pages, whoever writes them."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from commerce_sync.models import Fetch, SetupDraft
from ledger.services import now
from tests.flow.cast import a_new_merchant

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("facts", [{"base_version": -1}, {"revision": 0}])
def test_a_draft_counts_from_something_that_can_be(facts: dict[str, int]) -> None:
    whole = {"base_version": 0, "body": b"{}", "plan": {}, "is_setup": True, "updated_at": now(), **facts}
    with pytest.raises(IntegrityError, match="setup_draft_counts_are_positive"), transaction.atomic():
        SetupDraft.objects.create(company=a_new_merchant(), **whole)


@pytest.mark.parametrize(
    ("state", "ended", "code", "constraint"),
    [
        ("done", False, "", "fetch_ended_iff_final_state"),
        ("running", True, "", "fetch_ended_iff_final_state"),
        ("failed", True, "", "fetch_failed_says_why"),
    ],
)
def test_a_fetch_has_ended_or_not_and_says_why(state: str, ended: bool, code: str, constraint: str) -> None:
    at = now()
    facts = {"state": state, "requested_at": at, "ended_at": at if ended else None, "failure_code": code}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Fetch.objects.create(company=a_new_merchant(), **facts)
