"""Pages in French: nothing of them is left in English, and French, which is longer, breaks none of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from html.parser import HTMLParser
from typing import Any, Final

import pytest
import time_machine
from django.test import Client
from django.urls import NoReverseMatch, reverse
from msgspec import structs

from commerce_sync import services, undo, work
from commerce_sync.configuration.state import known_of, links_of
from commerce_sync.documents import documents_of, whole
from commerce_sync.flow.locales import COOKIE
from commerce_sync.flow.urls import urlpatterns
from commerce_sync.models import SetupDraft, Sync, Undo
from commerce_sync.services import save_schedule
from connectors import registry
from connectors.models import BooksAccount, Connection
from ledger.models import Company
from ledger.services import save_book
from tests.catalogues import OURS, catalogue
from tests.commerce_sync.cast import a_merchant, an_order, sell
from tests.flow.cast import CHROMIUM, PHONE, a_linked_merchant, a_way_in, address_of, chromium, inside

pytestmark = pytest.mark.django_db
TODAY: Final = datetime(2026, 3, 5, 12, tzinfo=UTC)
CATALOGUES: Final = {"fr-fr": "fr", "fr-ca": "fr_CA"}
NO_PAGES: Final = frozenset({"flow-start", "flow-brand", "flow-picture"})
# Attributes that people are told.
TOLD: Final = ("aria-label", "placeholder", "title", "alt")
WORDS: Final = re.compile(r"[^\W\d_]{2,}")
# In every language the same: names, currencies, units, and words that both languages have.
SAME: Final = re.compile(r"(?:GBP|EUR|USD|Visa|PayPal|Vipps|Swish|CSV|JSON|kB|Cashback|Notes?|UTC|CS\d{6}-\w+)")


class Told(HTMLParser):
    """What a page tells people: its texts and attributes, without what is said to be in another language."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self.other: list[str] = []
        self.tag = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tag = tag
        given = dict(attrs)
        if tag != "html" and (self.other or "lang" in given):
            self.other.append(tag)
        self.texts |= {" ".join(value.split()) for name, value in attrs if name in TOLD and value}
        if tag in ("input", "link", "meta", "img", "br") and self.other:
            self.other.pop()

    def handle_endtag(self, tag: str) -> None:
        if self.other:
            self.other.pop()

    def handle_data(self, data: str) -> None:
        if not self.other and self.tag not in ("script", "style"):
            self.texts.add(" ".join(data.split()))


def told_by(answered: Any) -> set[str]:
    page = Told()
    page.feed(answered.content.decode())
    parts = {part for text in page.texts for part in text.split(" · ")}
    return {part for part in parts if WORDS.search(SAME.sub("", part))}


@pytest.fixture(autouse=True)
def _in_march() -> Any:
    with time_machine.travel(TODAY, tick=True):
        yield


def a_beginner() -> Company:
    """Connected, with sales, and nothing chosen."""
    company = a_linked_merchant()
    sell(company, an_order(1), an_order(2))
    return company


def a_regular() -> Company:
    """Everything set up, with a day in the books, and something that needs a look."""
    company = a_merchant()
    save_schedule(
        company=company, frequency="daily", hour=4, zone="Europe/London", day_of_month=1, enabled=True, actor="test"
    )
    sell(company, an_order(1), an_order(2), an_order(3, stated=99_999))
    services.request_sync(company=company)
    work.drain(5)
    return company


def a_changer() -> Company:
    """A change begun, and not in force; one before it is."""
    company = a_regular()
    version = company.book_versions.get()
    changed = structs.replace(version.book, policy=structs.replace(version.book.policy, unmapped="hold"))
    save_book(company=company, book=changed, author="merchant", reason="Set-up")
    browser = inside(company)
    said = {"start_on": "2026-03-03", "frequency": "hourly", "hour": "5", "zone": "Europe/Paris"}
    assert browser.post("/flow/schedule", {"seen": "0", **said}).status_code == 302
    seen = str(SetupDraft.objects.get(company=company).revision)
    assert browser.post("/flow/fees", {"seen": seen}).status_code == 302
    return company


def a_regretful() -> Company:
    """A sync taken back, and then paused."""
    company = a_regular()
    sync = Sync.objects.get(company=company)
    plan = undo.plan_undo(company=company, sync=sync)
    undo.request_undo(company=company, sync=sync, plan_digest=plan.digest, actor="merchant")
    work.drain(5)
    services.pause(company=company, reason=WRITTEN, actor="test")
    return company


def an_unlucky() -> Company:
    """The accounting software does not let us in any more, and an account is gone."""
    company = a_regular()
    Connection.objects.filter(company=company, kind="accounting").update(status=Connection.Status.DEAUTHORIZED)
    return company


WRITTEN: Final = "Summer holidays"
EVERYBODY: Final = (a_beginner, a_regular, a_changer, a_regretful, an_unlucky)


def addresses(company: Company) -> Iterator[str]:
    """Every page of the merchant's that can be asked for, of things of this company."""
    sync = Sync.objects.filter(company=company).order_by("id").last()
    link = Connection.objects.filter(company=company, kind="commerce").get()
    document = documents_of(company).first()
    known: dict[str, object] = {
        "sync_id": sync.public_id if sync else None,
        "day": "2026-03-02",
        "connection_id": link.public_id,
        "document_id": document.uuid if document else None,
        "undo_id": Undo.objects.filter(company=company).values_list("public_id", flat=True).first(),
        "number": company.book_versions.count(),
    }
    for pattern in urlpatterns:
        if not str(pattern.pattern).startswith("flow/") or pattern.name in NO_PAGES:
            continue
        names = list(pattern.pattern.converters)
        if all(known.get(name) for name in names):
            yield reverse(pattern.name, kwargs={name: known[name] for name in names})
        elif not set(names) <= set(known):
            raise NoReverseMatch(f"{pattern.name}: say here what its {names} may be")


def is_page(answered: Any) -> bool:
    """Whether it is something to read, and not a file or the way to another page."""
    return answered.status_code in (200, 404) and answered["Content-Type"].startswith("text/html")


def answers(company: Company, locale: str) -> dict[str, Any]:
    """Every page in one language; what cannot be asked for, or leads elsewhere, is left out."""
    browser = inside(company, locale)
    found = {address: browser.get(address) for address in addresses(company)}
    return {address: answered for address, answered in found.items() if is_page(answered)}


def names_of(company: Company) -> set[str]:
    """What has a name of its own: accounts, customers, rates, platforms."""
    found = {
        company.name,
        company.partner.name,
        *(platform.name for platform in registry.platforms() if platform.key not in OURS),
    }
    for option in known_of(company, links_of(company)).options:
        found |= {option.name, option.code}
    for account in BooksAccount.objects.filter(connection__company=company):
        found |= {account.name, f"{account.code} {account.name}"}
    # What is in the books is shown as it is there, and what people wrote as they wrote it.
    for document in documents_of(company):
        found |= {document.narration, *(line.description for line in whole(document).lines or ())}
    return (found | {WRITTEN, "start"}) - {""}


def untranslated(english: Any, french: Any, locale: str, names: set[str]) -> set[str]:
    """What a French page says in English: what the English page says too, and whole texts of ours."""
    then, now = ({without(text, names) for text in told_by(answered)} for answered in (english, french))
    ours = english_texts(locale)
    same = {text for text in then & now if WORDS.search(SAME.sub("", text)) and text not in same_texts(locale)}
    return same | {f"{text}: {each}" for text in now for each in ours if each in text}


def without(text: str, names: set[str]) -> str:
    """``text`` without the names in it, the longest first: one may be a part of another."""
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, "")
    return text


@cache
def english_texts(locale: str) -> tuple[str, ...]:
    """Whole sentences that the catalogue has another word for."""
    entries = catalogue(CATALOGUES[locale])
    return tuple(entry.msgid for entry in entries if len(entry.msgid) > 15 and "%" not in entry.msgid)


@cache
def same_texts(locale: str) -> frozenset[str]:
    return frozenset(entry.msgid for entry in catalogue(CATALOGUES[locale]) if entry.msgid == entry.msgstr)


@pytest.mark.parametrize("locale", CATALOGUES)
@pytest.mark.parametrize("make", EVERYBODY)
def test_no_page_says_a_word_of_english_to_a_french_merchant(make: Any, locale: str) -> None:
    company = make()
    english, french = answers(company, "en-us"), answers(company, locale)
    names = names_of(company)
    assert len(french) >= 10
    assert english.keys() == french.keys()
    found = {address: untranslated(english[address], french[address], locale, names) for address in french}
    assert not {address: texts for address, texts in found.items() if texts}


WRONG: Final[dict[str, dict[str, str]]] = {
    "/flow/sales": {
        "mode": "no such mode",
        "lines": "no such line",
        "account:sales": "no such account",
        "customer": "x",
    },
    "/flow/fees": {"keeps_fees": "1", "supplier": "nobody", "account:paymentFee": "no such account"},
    "/flow/payments": {"account:card": "no such account", "account:payout": "1100"},
    "/flow/schedule": {"start_on": "tomorrow", "hour": "25", "day_of_month": "31", "zone": "Moon/Base"},
    "/flow/accounts/new": {"new_for": "fees:paymentFee", "new_name": "", "new_type": "expense"},
}


@pytest.mark.parametrize("locale", CATALOGUES)
@pytest.mark.parametrize("address", WRONG)
def test_what_a_form_refuses_is_told_in_french(address: str, locale: str) -> None:
    company = a_beginner()
    english = inside(company).post(address, {"seen": "0", **WRONG[address]})
    french = inside(company, locale).post(address, {"seen": "0", **WRONG[address]})
    assert french.status_code == english.status_code == 400
    assert not untranslated(english, french, locale, names_of(company))


@pytest.mark.parametrize("locale", CATALOGUES)
def test_who_stands_before_the_door_is_told_in_french(locale: str) -> None:
    company = a_beginner()
    link = a_way_in(company)
    for address in (address_of(link), "/flow/", f"/link/{company.public_id}"):
        pages = []
        for each in ("en-us", locale):
            browser = Client()
            browser.cookies[COOKIE] = each
            pages.append(browser.get(address))
        assert told_by(pages[1])
        assert not untranslated(*pages, locale, set())


@pytest.mark.skipif(CHROMIUM is None, reason="needs a browser")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("locale", CATALOGUES)
def test_french_fits_on_a_telephone(locale: str, live_server: Any) -> None:
    company = a_changer()
    found = list(answers(company, locale))
    link = a_way_in(company)
    wide = []
    with chromium(size=PHONE, locale=locale) as (page, _):
        page.goto(live_server.url + address_of(link))
        page.wait_for_url("**/flow/")
        for address in found:
            page.goto(live_server.url + address)
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
                wide.append(address)
    assert not wide
