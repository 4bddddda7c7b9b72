"""Two merchants who have connected the same books: each keeps to its own documents."""

from __future__ import annotations

from typing import Any

import pytest

from commerce_sync import services, work
from connectors.models import Binding
from ledger.models import Company, Document
from tests.commerce_sync.cast import a_merchant, allow_truncate, an_order, books_of, sell
from tests.platforms import hostile_books
from tests.platforms.hostile_books import duplicates


@pytest.mark.case("C11")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("platform", ["hostile", "hostile_search"])
def test_the_same_sales_of_two_merchants_in_the_same_books_are_documents_of_their_own(
    settings: Any, platform: str
) -> None:
    allow_truncate()
    with hostile_books.running() as (server, rules):
        rules.unique_ref = platform == "hostile"
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        for name in ("Rose", "Crown"):
            company = a_merchant(name, platform=platform)
            hostile_books.connect(books_of(company), server)
            sell(company, an_order(1))
            services.request_sync(company=company)
            work.drain(10)
        assert (duplicates(server), len(server.documents)) == ([], 2)
    owners = [(Document.objects.get(reference=each["reference"]).company_id, each["id"]) for each in server.documents]
    assert {company_id for company_id, _ in owners} == set(Company.objects.values_list("pk", flat=True))
    bound = Binding.objects.values_list("document__company_id", "remote_id")
    assert sorted(bound) == sorted(owners)
