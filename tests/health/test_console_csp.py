"""In a browser: every page of the console works within its policy, and asks for nothing that is not ours."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.urls import reverse

from commerce_sync import demo_set_up
from commerce_sync.branding import set_branding
from tests.commerce_sync.demo_cast import a_posted_shop
from tests.flow.cast import CHROMIUM, DESK, PHONE, chromium
from tests.health.people import a_person, logged_in

# Where unfold shows each of its kinds of pages: filters and actions, a long form, tabs of inlines, widgets, an editor.
LISTS = ("commerce_sync_sync", "commerce_sync_apikey", "ledger_document", "health_finding")
ROWS = ("ledger_document", "commerce_sync_branding", "health_member", "ledger_recordrow")


def addresses() -> list[str]:
    """A page of each kind."""
    names = ("index", "console-second-factor-own", "console-confirm", "password_change", "console-second-factor-setup")
    found = [reverse(f"admin:{name}") for name in names]
    found += [reverse(f"admin:{name}_changelist") for name in LISTS]
    models = {f"{model._meta.app_label}_{model._meta.model_name}": model for model in admin.site._registry}
    for name in ROWS:
        found.append(reverse(f"admin:{name}_change", args=(models[name]._default_manager.all()[0].pk,)))
    return [*found, reverse("admin:health_member_add")]


@pytest.mark.case("S13")
@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium here")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("size", "scheme"), [(DESK, "light"), (PHONE, "dark")])
def test_no_page_of_the_console_goes_against_its_policy(live_server: Any, size: Any, scheme: Any) -> None:
    shop = a_posted_shop()
    demo_set_up.renew_access(shop.company.partner)
    set_branding(partner=shop.company.partner, values={"display_name": "Till Books"}, actor="test")
    user = a_person("administrator", is_superuser=True)
    session, pages = logged_in(user).cookies["sessionid"].value, addresses()
    with chromium(size=size, scheme=scheme) as seen:
        page = seen.page
        page.goto(f"{live_server.url}{reverse('admin:login')}")
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        for address in pages:
            page.goto(f"{live_server.url}{address}", wait_until="networkidle")
            page.evaluate("document.body.click()")
    hints = "[DOM]"  # of the browser to whoever writes a page: unfold's form of the password has no name in it
    assert [said for said in seen.complaints if not said.startswith(hints)] == []
