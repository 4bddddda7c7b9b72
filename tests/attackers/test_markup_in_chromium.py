"""Markup in every column of texts, in a real browser: nothing runs, and nothing goes against a page's policy."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.attackers.addresses import every_address
from tests.attackers.markup import MARK, put_everywhere
from tests.attackers.test_stored_markup import a_marked_world
from tests.flow.cast import CHROMIUM, DESK, chromium

# A page of each kind: lists, rows, forms, charts, a frame, a mail, the page of the API.
PAGES: Final = (
    *("index", "console-company", "console-mapping", "console-document", "console-record", "console-sync"),
    *("console-findings", "console-alert-mail", "branding-preview"),
    *("ledger_company_changelist", "commerce_sync_branding_change"),
    *("flow", "flow-document", "flow-sales", "flow-figures", "flow-notices", "api-docs"),
)


@pytest.mark.case("S12", "S13")
@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")
@pytest.mark.django_db(transaction=True)
def test_no_markup_runs_in_a_browser_and_no_page_goes_against_its_policy(live_server: Any) -> None:
    world = a_marked_world()
    put_everywhere()
    paths = [each.path for name in PAGES for each in every_address(world.ids) if each.name == name]
    assert len(paths) == len(PAGES)
    session = world.browser.cookies["sessionid"].value
    came_up: list[str] = []
    marked = 0
    with chromium(size=DESK) as (page, complaints):
        page.on("dialog", lambda dialog: (came_up.append(dialog.message), dialog.dismiss()))
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        for path in paths:
            answer = page.goto(f"{live_server.url}{path}", wait_until="load")
            assert answer is not None
            assert answer.status == 200, path
            marked += MARK in page.content()
            came_up += page.evaluate(f"[...document.querySelectorAll('{MARK}, [on{MARK}]')].map(e => e.outerHTML)")
    assert came_up == []
    assert [said for said in complaints if not said.startswith("[DOM]")] == []
    assert marked > len(PAGES) // 2
