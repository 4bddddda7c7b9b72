"""Reading what is known of a company, for its configuration."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from commerce_sync.configuration.fields import fields
from commerce_sync.configuration.in_use import InUse, in_use, listed_rates
from commerce_sync.configuration.known import Known, Plan, Rate, Reason
from commerce_sync.configuration.suggest import FIRST_DAY, Suggestion, in_mode_of, suggest, with_reasons
from commerce_sync.flow_settings import visible_keys
from commerce_sync.models import Schedule
from connectors import registry
from connectors.accounting.books import Books
from connectors.general_ledger.chart import default_book
from connectors.models import Connection
from connectors.options import BASE_CURRENCY, COMPANY_NAME, options_of
from connectors.session import Option
from ledger.book import Book
from ledger.calendar import DayRule
from ledger.models import Company
from ledger.services import now


class Links(NamedTuple):
    """The company's linked connections: where its sales come from, and where they go."""

    sales: list[Connection]
    books: Connection | None

    @property
    def are_ready(self) -> bool:
        """Whether sales can get from one to the other."""
        return bool(self.sales) and self.books is not None


def links_of(company: Company) -> Links:
    """The linked connections of ``company``."""
    linked = list(company.connections.filter(status=Connection.Status.LINKED).order_by("id"))
    for each in linked:
        each.company = company
    books = [each for each in linked if each.kind == Connection.Kind.ACCOUNTING]
    return Links([each for each in linked if each.kind == Connection.Kind.COMMERCE], books[0] if books else None)


def known_of(company: Company, links: Links) -> Known:
    """What is known of ``company``; its partner must be at hand. Asks nothing outside."""
    books = links.books
    options = tuple(options_of(books)) if books else ()
    listed = listed_rates(links.sales)
    version = company.book_versions.order_by("-number").first()
    if version is not None:
        book, reasons, number = version.book, dict[str, Reason](), version.number
        used = in_use(company.pk, book)
    else:
        number = 0
        used = in_use(company.pk, Book(company.currency, (DayRule(FIRST_DAY, company.zone, 0),)))
        book, reasons = _suggestion(company, links, options, (*used.rates, *listed))
    return _known(company, links, book, number, reasons, options, used, listed)


def _known(
    company: Company,
    links: Links,
    book: Book,
    number: int,
    reasons: dict[str, Reason],
    options: tuple[Option, ...],
    used: InUse,
    listed: tuple[Rate, ...],
) -> Known:
    schedule = Schedule.objects.filter(company=company).first()
    books = links.books
    platform = registry.accounting(books.platform) if books else None
    return Known(
        company_id=company.public_id,
        company_name=(books and books.settings.get(COMPANY_NAME)) or company.name,
        book=book,
        version=number,
        plan=_plan(schedule, book),
        enabled=schedule is not None and schedule.enabled and schedule.paused_at is None,
        paused=schedule is not None and schedule.paused_at is not None,
        last_success_on=schedule.last_success_through if schedule else None,
        today=_today(book),
        options=options,
        used_roles=used.roles,
        rates=used.rates,
        listed_rates=listed,
        reasons=reasons,
        visible=visible_keys(company.partner, books.platform) if books else None,
        document_kinds=platform.document_kinds if platform else frozenset(),
        base_currency=(books.settings.get(BASE_CURRENCY) or "") if books else "",
        has_postings=company.postings.exists(),
    )


def _suggestion(company: Company, links: Links, options: tuple[Option, ...], rates: tuple[Rate, ...]) -> Suggestion:
    if links.books is None:
        return suggest((), (), currency=company.currency, zone=company.zone)
    platform = registry.accounting(links.books.platform)
    if platform.key == Books.key:
        book = default_book(company.currency, (DayRule(FIRST_DAY, company.zone, 0),))
        return with_reasons(book, Reason("chart"), fields(book, ()))
    word = registry.commerce(links.sales[0].platform).name if links.sales else ""
    found = suggest(options, rates, currency=company.currency, zone=company.zone, supplier_word=word)
    return found._replace(book=in_mode_of(found.book, platform.document_kinds))


def _plan(schedule: Schedule | None, book: Book) -> Plan:
    if schedule is None:
        return Plan(zone=book.days[-1].zone)
    return Plan(schedule.frequency, schedule.hour, schedule.zone, schedule.day_of_month)  # type: ignore[arg-type]


def _today(book: Book) -> date:
    return book.calendar.day_of(now())
