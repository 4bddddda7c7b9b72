"""The cast of the tests of the merchant's pages: merchants in their browsers, and a real browser to look at them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal, NamedTuple

from django.test import Client
from playwright.sync_api import BrowserContext, Page, Request, sync_playwright

from commerce_sync.flow.locales import COOKIE
from commerce_sync.setup_links import NewLink, make_link
from connectors import registry
from connectors.general_ledger.accounts import install_chart
from connectors.models import Connection
from connectors.services import connect_accounting, connect_commerce
from ledger.models import Company, Partner
from ledger.services import create_company

CHROMIUM = shutil.which("chromium")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PHONE, DESK = (390, 844), (1280, 900)
Scheme = Literal["light", "dark"]


def a_partner(name: str = "Till Systems", **changes: Any) -> Partner:
    """A partner whose merchants keep their books in pounds."""
    return Partner.objects.get_or_create(
        name=name, defaults={"currency": "GBP", "zone": "Europe/London", **changes}
    )[0]  # fmt: skip


def a_new_merchant(name: str = "Rose & Crown", partner: Partner | None = None) -> Company:
    """A merchant of whom nothing else is known."""
    return create_company(partner=partner or a_partner(), name=name, actor="test")


def a_linked_merchant(name: str = "Rose & Crown", partner: Partner | None = None) -> Company:
    """A merchant with a linked shop and linked built-in books with their chart; nothing is chosen yet."""
    company = a_new_merchant(name, partner)
    connect_commerce(company=company, platform="partner", actor="test")
    link = connect_accounting(company=company, platform="books", actor="test")
    install_chart(connection_id=link.pk)
    return company


def a_way_in(company: Company, *, back: str = "") -> NewLink:
    """A link into the pages of a company that exists, for its own platforms."""
    kinds = dict(Connection.objects.filter(company=company).values_list("kind", "platform"))
    return make_link(
        partner=company.partner,
        merchant=str(company.public_id),
        commerce=registry.commerce(kinds.get("commerce", "partner")),
        accounting=registry.accounting(kinds.get("accounting", "books")),
        redirect_url=back,
        actor="test",
    )


def address_of(link: NewLink) -> str:
    """Where the link leads."""
    return f"/flow/start/{link.company.public_id}?code={link.code}"


def inside(company: Company, locale: str = "en-us", **changes: Any) -> Client:
    """A browser (Django's) that is in the company's pages."""
    browser, link = Client(), a_way_in(company, **changes)
    browser.cookies[COOKIE] = locale
    answered = browser.post(f"/flow/start/{link.company.public_id}", {"code": link.code})
    assert answered.status_code == 302
    return browser


class Seen(NamedTuple):
    """A page in Chromium, and all that the browser complained of."""

    page: Page
    complaints: list[str]


@contextmanager
def chromium(
    *, size: tuple[int, int] = PHONE, scheme: Scheme = "light", locale: str = "en-us", script: bool = True
) -> Iterator[Seen]:
    """Chromium with one page. Rows are made before: within it, Django would open a connection that nobody closes."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        language = locale[:3] + locale[3:].upper()
        context: BrowserContext = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            locale=language,
            java_script_enabled=script,
        )
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("requestfailed", lambda request: complaints.append(request.url) if is_failure(request) else None)
        yield Seen(page, complaints)
        browser.close()


def is_failure(request: Request) -> bool:
    """Not one that the browser gave up by itself because the next page was asked for."""
    return request.failure != "net::ERR_ABORTED"
