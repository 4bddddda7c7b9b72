"""The versions of the settings: who changed what, when and why; and using one of them again."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from commerce_sync.flow.change_saving import use_again
from commerce_sync.flow.differences import Difference, Names, differences, grouped, names_of
from commerce_sync.flow.draft import DraftMoved, standing_of
from commerce_sync.flow.history import zone_of_company
from commerce_sync.flow.merchant import Merchant, merchant_page, missing, shown
from commerce_sync.flow.stage import begun, seen_of
from commerce_sync.flow.version_words import who
from commerce_sync.flow_settings import texts_of
from commerce_sync.models import SetupDraft
from connectors.options import options_of
from ledger.models import BookVersion

A_PAGE: Final = 20
MOST_NAMED: Final = 6  # differences of a version in the list


class Row(NamedTuple):
    """A version as the list shows it. ``further`` counts the differences that are not named."""

    version: BookVersion
    at: Any
    who: str
    changes: list[Difference]
    further: int
    is_first: bool
    is_in_force: bool


@merchant_page
@require_safe
def versions(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """The versions, the one in force first."""
    found = merchant.company.book_versions.order_by("-number")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 9:
        found = found.filter(number__lt=int(before))
    page = list(found[: A_PAGE + 1])  # the one beyond the page is what its last differs from
    if not page and not before:
        return redirect("flow")
    latest = merchant.company.book_versions.order_by("-number").values_list("number", flat=True).first()
    zone, names = zone_of_company(merchant.company), _names(merchant)
    rows = []
    for index, each in enumerate(page[:A_PAGE]):
        former = page[index + 1] if index + 1 < len(page) else None
        changes = differences(former.book, each.book, names) if former else []
        rows.append(
            Row(
                each,
                each.created_at.astimezone(zone),
                who(each.author, merchant.brand_name),
                changes[:MOST_NAMED],
                len(changes[MOST_NAMED:]),
                former is None,
                each.number == latest,
            )
        )
    more = page[A_PAGE - 1].number if len(page) > A_PAGE else None
    return shown(request, merchant, "flow/versions.html", {"rows": rows, "more": more})


@merchant_page
@require_safe
def version(request: HttpRequest, merchant: Merchant, number: int) -> HttpResponse:
    """One version: what it changed, and what using it again would change."""
    row = _version(merchant, number)
    latest = merchant.company.book_versions.order_by("-number").first()
    if row is None or latest is None:
        return missing(request, merchant)
    former = merchant.company.book_versions.filter(number__lt=row.number).order_by("-number").first()
    names = _names(merchant)
    draft = SetupDraft.objects.filter(company=merchant.company).only("revision").first()
    context = {
        "row": row,
        "at": row.created_at.astimezone(zone_of_company(merchant.company)),
        "who": who(row.author, merchant.brand_name),
        "is_first": former is None,
        "is_in_force": row.number == latest.number,
        "changes": grouped(differences(former.book, row.book, names)) if former else [],
        "back": grouped(differences(latest.book, row.book, names)),
        "has_draft": draft is not None,
        "seen": draft.revision if draft else 0,
        "can_use": not standing_of(merchant.company).is_setup and merchant.are_linked,
    }
    return shown(request, merchant, "flow/version.html", context)


@merchant_page
@require_POST
def use_version(request: HttpRequest, merchant: Merchant, number: int) -> HttpResponse:
    """Make a draft of one version; what it would change is shown before it holds."""
    row = _version(merchant, number)
    if row is None:
        return missing(request, merchant)
    at = begun(merchant, "sales")
    if isinstance(at, HttpResponse):
        return at
    if at.draft.is_setup:
        return redirect("flow")
    with suppress(DraftMoved):  # sent twice, or changed in another window: the page shows the draft as it is now
        use_again(company=merchant.company, known=at.in_force, book=row.book, seen=seen_of(request))
    return redirect("flow-change")


def _version(merchant: Merchant, number: int) -> BookVersion | None:
    return merchant.company.book_versions.filter(number=number).first() if number < 1_000_000_000 else None


def _names(merchant: Merchant) -> Names:
    options = options_of(merchant.books) if merchant.books is not None else []
    return names_of(options, (), texts_of(merchant.company.partner, merchant.locale))
