"""What each page costs does not grow with the merchant's history."""

from __future__ import annotations

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.flow.cast import inside
from tests.flow.rooms import TODAY, an_old_merchant

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
MOST: int = 40


def queries(browser: Client, path: str) -> int:
    """How many a page needs once what can be remembered is."""
    browser.get(path)
    with CaptureQueriesContext(connection) as counted:
        assert browser.get(path).status_code in (200, 404), path
    return len(counted)


def test_every_page_needs_as_many_queries_after_400_days_as_after_10() -> None:
    with time_machine.travel(TODAY, tick=True):
        young, old = an_old_merchant(10, name="New Ship"), an_old_merchant(400)
        first, second = inside(young.company), inside(old.company)
        counts = {name: (queries(first, young.pages[name]), queries(second, old.pages[name])) for name in old.pages}
    more = {name: both for name, both in counts.items() if both[1] > both[0] + 1}  # one: a page that goes on
    assert more == {}
    assert {name: both for name, both in counts.items() if both[1] > MOST} == {}
