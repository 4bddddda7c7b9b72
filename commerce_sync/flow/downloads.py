"""Files to take along: a page to choose one, and the file itself as a stream."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final, NamedTuple

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from commerce_sync.flow import extracts, figures, mapping_extract
from commerce_sync.flow.extracts import Asked, TooMuch
from commerce_sync.flow.files import CONTENT_TYPES, Column, Form, Row, written
from commerce_sync.flow.locales import LANGUAGES
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from ledger.calendar import Calendar, DayRule
from ledger.services import now

MOST_DAYS: Final = 366


class File(NamedTuple):
    """What can be taken along, in words; and where its rows come from."""

    words: Any
    note: Any
    columns: Sequence[Column]
    rows: Callable[[Asked], Iterator[list[Row]]]


FILES: Final = {
    "documents": File(
        gettext_lazy("Documents"),
        gettext_lazy("Each entry, invoice, payment and bill: its amount, and whether it is in your books."),
        extracts.DOCUMENTS,
        extracts.documents,
    ),
    "lines": File(
        gettext_lazy("Debits and credits"),
        gettext_lazy("Each line of each document, with its account. For bookkeepers."),
        extracts.LINES,
        extracts.lines,
    ),
    "records": File(
        gettext_lazy("Sales by day"),
        gettext_lazy("Each order, refund, fee and payout that your sales system told, by business day."),
        extracts.RECORDS,
        extracts.records,
    ),
    "problems": File(
        gettext_lazy("Problems"),
        gettext_lazy("What went wrong in this time, what to do about it, and whether it is mended."),
        extracts.PROBLEMS,
        extracts.problems,
    ),
    "mapping": File(
        gettext_lazy("Accounts chosen"),
        gettext_lazy("Which account each thing goes to now, whatever days you choose."),
        mapping_extract.MAPPING,
        mapping_extract.mapping,
    ),
}
FORMS: Final[dict[Form, Any]] = {
    "csv": gettext_lazy("For a spreadsheet (CSV)"),
    "json": gettext_lazy("For a program (JSON)"),
}


@merchant_page
@require_safe
def downloads(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """What there is to take along."""
    return _page(request, merchant, _calendar(merchant), {})


@merchant_page
@require_safe
def download(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """One file; what cannot be asked for is said on the page, with what was chosen still there."""
    calendar, problems = _calendar(merchant), dict[str, str]()
    file, form = FILES.get(request.GET.get("what", "")), _form(request.GET.get("form", ""))
    first, last = (_day(request.GET.get(name, ""), name, problems) for name in ("from", "to"))
    if file is None:
        problems["what-documents"] = _("Choose what you want to have.")
    if form is None:
        problems["form-csv"] = _("Choose a kind of file.")
    if first is not None and last is not None and first > last:
        problems["to"] = _("The last day is before the first.")
    elif first is not None and last is not None and (last - first).days >= MOST_DAYS:
        problems["from"] = _("A file holds a year at most. Choose fewer days.")
    if problems or file is None or form is None or first is None or last is None:
        return _page(request, merchant, calendar, problems, 400)
    try:
        rows = file.rows(Asked(merchant.company, calendar, first, last, merchant.locale))
    except TooMuch:
        most = figures.number(extracts.MOST_ROWS, merchant.locale)
        problems["from"] = _("That is more than %(most)s rows. Choose fewer days.") % {"most": most}
        return _page(request, merchant, calendar, problems, 400)
    text = written(form, file.columns, _in_language(rows, LANGUAGES[merchant.locale]))
    name = f"{request.GET['what']}-{first.isoformat()}-{last.isoformat()}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    found: Any = StreamingHttpResponse(text, content_type=CONTENT_TYPES[form], headers=headers)
    return found  # type: ignore[no-any-return]  # a stream has the same headers, which is all that follows


def _page(
    request: HttpRequest, merchant: Merchant, calendar: Calendar, problems: dict[str, str], status: int = 200
) -> HttpResponse:
    today = calendar.day_of(now())
    month_before = (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    context = {
        "files": FILES,
        "forms": FORMS,
        "what": request.GET.get("what", "documents"),
        "form": request.GET.get("form", "csv"),
        "first": request.GET.get("from", month_before.isoformat()),
        "last": request.GET.get("to", today.isoformat()),
        "problems": problems,
    }
    return shown(request, merchant, "flow/downloads.html", context, status)


def _in_language(batches: Iterator[list[Row]], language: str) -> Iterator[list[Row]]:
    """The batches made in the merchant's language: a stream is written after the page's own has been put away."""
    while True:
        with translation.override(language):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch


def _calendar(merchant: Merchant) -> Calendar:
    version = merchant.company.book_versions.order_by("-number").first()
    if version is not None:
        return version.book.calendar
    return Calendar((DayRule(date(2000, 1, 1), merchant.company.zone, 0),))


def _form(said: str) -> Form | None:
    return next((form for form in FORMS if form == said), None)


def _day(said: str, name: str, problems: dict[str, str]) -> date | None:
    try:
        day = date.fromisoformat(said)
        if date(1971, 1, 1) <= day <= date(2199, 12, 30):
            return day
    except ValueError:
        pass
    problems[name] = _("“%(said)s” is no date. Write it as 2026-03-01.") % {"said": said[:40]}
    return None
