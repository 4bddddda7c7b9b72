"""The whole story of a merchant in Chromium, in each language: from the link to the disconnection, with a mapping that
breaks in the middle and is mended by the words on the page.

Square is a server on the loopback, its page of consent too; the books are the built-in ones. On a phone in light for
each language; the same story at a desk in the dark once. What every page looks like at both widths and in both schemes
is held by test_every_page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import pytest
import time_machine
from django.db import connection as database
from django.utils import translation
from django.utils.translation import gettext
from playwright.sync_api import Locator, Page, expect

from commerce_sync import work
from commerce_sync.flow.locales import LANGUAGES
from commerce_sync.flow_texts import defaults
from commerce_sync.models import Schedule, Undo
from commerce_sync.setup_links import make_link
from connectors import registry
from connectors.general_ledger.accounts import archive_account
from connectors.models import Connection
from tests.commerce_sync.cast import books_of, trial_balance
from tests.connectors.server import Answer, PlatformServer, Seen, running
from tests.flow.cast import CHROMIUM, DESK, PHONE, a_partner, address_of, chromium
from tests.platforms.square.fake import FakeSquare
from tests.platforms.square.story import STATE, Straight, line

pytestmark = [
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]
TODAY: Final = datetime(2026, 3, 5, 17, tzinfo=UTC)  # noon in New York
CARD, OTHER = "1100", "1140"
T = TypeVar("T")


@pytest.fixture
def square(settings: Any, live_server: Any) -> Iterator[tuple[PlatformServer, FakeSquare]]:
    """Square with two days of sales, and a page of consent that agrees at once."""
    fake = FakeSquare()
    with running() as server, time_machine.travel(TODAY, tick=True):
        settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [server.place]
        settings.COMMERCE_SYNC_PUBLIC_URL = live_server.url
        settings.COMMERCE_SYNC_OAUTH_CLIENTS = {"square": {"client_id": "app", "client_secret": "secret"}}
        server.routes["/oauth2/authorize"] = _consent
        server.routes["/oauth2/token"] = _token
        server.routes["/oauth2/revoke"] = lambda seen: {"success": True}
        server.otherwise = fake.answer
        for day in (3, 4):
            sell(fake, datetime(2026, 3, day, 16, tzinfo=UTC))
        yield server, fake


def _consent(seen: Seen) -> Answer:
    (back,), (state,) = seen.query["redirect_uri"], seen.query["state"]
    return Answer(302, {}, {"Location": f"{back}?code=c1&state={state}&response_type=code"})


def _token(seen: Seen) -> dict[str, Any]:
    return {
        "access_token": "square-test-token",
        "token_type": "bearer",
        "refresh_token": "square-refresh-token",
        "expires_at": "2026-04-04T00:00:00Z",
        "merchant_id": "MERCH1",
    }


def sell(fake: FakeSquare, at: datetime, price: int = 1_000) -> None:
    """One sale by card with state tax."""
    fake.now = at
    till = Straight(fake)
    order = till.order({"location_id": "LOC1", "line_items": [line("Coffee", price)], "taxes": [dict(STATE)]})
    till.pay(order, fake.rows["orders"][order]["total_money"]["amount"])


def beside(deed: Callable[[], T]) -> T:
    """Do something with the database while a browser is open: in a thread, whose connection is closed."""

    def closing() -> T:
        try:
            return deed()
        finally:
            database.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closing).result()


class Merchant:
    """Somebody at the pages who reads one language and presses what is written there."""

    def __init__(self, page: Page, locale: str, server: str) -> None:
        self.page, self.locale, self.server = page, locale, server
        self.main = page.locator("main")

    def say(self, words: str, **facts: str) -> str:
        """Our words in the merchant's language; what is not translated would be found here as English."""
        with translation.override(LANGUAGES[self.locale]):
            return gettext(words) % facts if facts else gettext(words)

    def press(self, words: str, **facts: str) -> None:
        self.main.get_by_role("button", name=self.say(words, **facts), exact=True).first.click()

    def follow(self, words: str, **facts: str) -> None:
        self.main.get_by_role("link", name=self.say(words, **facts), exact=True).first.click()

    def goes_on(self) -> None:
        """The button of the page that leads to the next stage, by its published text."""
        self.main.get_by_role("button", name=defaults(self.locale)["configure-misc-nextButton"]).click()

    def reads(self, words: str) -> None:
        expect(self.main).to_contain_text(self.say(words))

    def is_at(self, path: str) -> None:
        expect(self.page).to_have_url(f"{self.server}/flow/{path}")

    def goes_to(self, words: str) -> None:
        """One of the pages in the list of pages."""
        self.page.get_by_role("navigation").get_by_role("link", name=words, exact=True).click()

    def waits(self) -> None:
        """The worker has its turn, and the page follows by itself."""
        expect(self.page.locator("#sync progress")).to_be_visible()
        beside(lambda: work.drain(20))
        expect(self.page.locator("#sync progress")).to_have_count(0, timeout=15_000)


@pytest.mark.parametrize(
    ("locale", "size", "scheme"),
    [("en-us", PHONE, "light"), ("fr-fr", PHONE, "light"), ("fr-ca", PHONE, "light"), ("en-us", DESK, "dark")],
)
def test_the_story_of_a_merchant(
    live_server: Any, square: tuple[PlatformServer, FakeSquare], locale: str, size: tuple[int, int], scheme: Any
) -> None:
    server, fake = square
    link = make_link(
        partner=a_partner("Till Systems of New York", currency="USD", zone="America/New_York"),
        merchant="Rose & Crown",
        commerce=registry.commerce("square"),
        accounting=registry.accounting("books"),
        redirect_url="",
        actor="test",
    )
    company = link.company
    Connection.objects.filter(company=company, platform="square").update(settings={"base_url": server.url})
    with chromium(size=size, scheme=scheme, locale=locale) as (page, complaints):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        merchant = Merchant(page, locale, live_server.url)
        connects(merchant)
        beside(lambda: work.drain(20))
        chooses(merchant)
        posts_one_day_and_turns_it_on(merchant)
        sell(fake, datetime(2026, 3, 4, 20, tzinfo=UTC), 500)
        beside(lambda: archive_account(connection_id=books_of(company).pk, code=CARD, actor="test"))
        mends_what_broke(merchant)
        assert beside(lambda: trial_balance(company)).get(OTHER, 0) > 0
        takes_back(merchant)
        assert beside(lambda: Undo.objects.get(company=company).state) == "done"
        pauses_and_goes_on(merchant)
        disconnects(merchant)
        assert complaints == []
    assert Schedule.objects.get(company=company).enabled
    assert {row.platform: row.status for row in Connection.objects.filter(company=company)} == {
        "square": "Unlinked",
        "books": "Linked",
    }
    assert any(seen.path == "/oauth2/revoke" for seen in server.log)


def connects(merchant: Merchant) -> None:
    """Square by consent, the books by a button."""
    onward: Locator = merchant.main.locator(".buttons a.button")
    onward.click()
    merchant.is_at("sales-system")
    merchant.follow("Connect %(name)s", name="Square")
    merchant.is_at("")
    merchant.reads("Connected")
    onward.click()
    merchant.is_at("accounting-software")
    merchant.main.locator(".buttons form button").click()
    merchant.page.wait_for_url(lambda url: "connect/" not in urlsplit(url).path)
    merchant.page.goto(f"{merchant.server}/flow/sales")


def chooses(merchant: Merchant) -> None:
    """Every stage as it is suggested."""
    merchant.page.reload()
    for stage in ("sales", "fees", "payments"):
        merchant.is_at(stage)
        merchant.goes_on()
    merchant.page.get_by_label(merchant.say("First day")).fill("2026-03-01")
    merchant.goes_on()
    merchant.is_at("preview")


def posts_one_day_and_turns_it_on(merchant: Merchant) -> None:
    """A real day is looked at, posted alone, and then all of it goes on by itself."""
    merchant.reads("What changes on your accounts")
    expect(merchant.main.get_by_role("table").first).to_contain_text("10")
    merchant.press("Post just this day")
    merchant.reads("This day is on its way into your books.")
    merchant.waits()
    merchant.reads("It is there. Look at it in your accounting software, then come back and turn it on.")
    merchant.press("Turn it on")
    merchant.is_at("finished")
    merchant.follow("Show your settings")
    merchant.press("Bring in now")
    merchant.waits()
    merchant.goes_to(merchant.say("History"))
    expect(merchant.main.locator("tbody tr")).to_have_count(2)


def mends_what_broke(merchant: Merchant) -> None:
    """An account is archived in the books: the error is read, its button followed, the choice made, the effect seen."""
    merchant.goes_to(merchant.say("Overview"))
    merchant.press("Bring in now")
    merchant.waits()
    merchant.reads("Something that is chosen is gone or archived in your accounting software.")
    failed = merchant.page.url
    merchant.main.get_by_role("link", name=merchant.say("Mend it")).first.click()
    merchant.is_at("payments")
    for field in merchant.main.locator("[aria-invalid=true]").all():
        field.select_option(OTHER)
    merchant.press("See what changes")
    merchant.is_at("change")
    expect(merchant.main.locator("table.changes").first).to_contain_text(OTHER)
    merchant.press("Save the change")
    merchant.reads("Saved")
    merchant.page.goto(failed)
    merchant.press("Try again now")
    merchant.waits()
    merchant.reads("Done")


def takes_back(merchant: Merchant) -> None:
    """A day is brought in again, to no effect; then the sync is taken back by its plan."""
    sync = merchant.page.url
    merchant.main.locator("dd a").first.click()
    merchant.press("Bring it in again")
    merchant.waits()
    merchant.page.goto(sync)
    merchant.follow("Show what would be taken back")
    merchant.reads("What it does to your accounts")
    merchant.press("Take it back")
    merchant.waits()
    merchant.reads("Taken back")
    merchant.reads("Bring it back")


def pauses_and_goes_on(merchant: Merchant) -> None:
    merchant.goes_to(merchant.say("Overview"))
    merchant.follow("Pause, or switch off")
    merchant.press("Pause")
    merchant.page.goto(f"{merchant.server}/flow/")
    merchant.reads("It is paused: nothing comes into your books by itself.")
    merchant.follow("Go on")
    merchant.press("Go on")
    merchant.is_at("")


def disconnects(merchant: Merchant) -> None:
    """The access to Square is given back; its stage is where it would be connected again."""
    merchant.goes_to(merchant.say("Connections"))
    square: Locator = merchant.main.locator("section").filter(has_text="Square")
    square.get_by_role("link", name=merchant.say("Disconnect")).click()
    merchant.press("Disconnect")
    merchant.is_at("sales-system")
    merchant.reads("Disconnected")
