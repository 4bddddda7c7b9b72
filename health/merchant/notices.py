"""The page on which a merchant says where to be told of what, and in which language."""

from __future__ import annotations

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from commerce_sync.flow.locales import NAMES
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from health.alerts.services import BadContact, contact_of, set_contact
from health.models import CompanyContact

ACTOR: Final = "merchant"
WANTS: Final[dict[str, tuple[Any, Any]]] = {
    CompanyContact.Wants.AT_ONCE: (
        gettext_lazy("As soon as something needs me"),
        gettext_lazy("And a word when it is over. Nothing comes twice."),
    ),
    CompanyContact.Wants.DAILY: (
        gettext_lazy("Once a day"),
        gettext_lazy("In the morning, everything in one message. None when there is nothing."),
    ),
    CompanyContact.Wants.NOTHING: (
        gettext_lazy("Never"),
        gettext_lazy("You see here, on the first page, what needs you."),
    ),
}


@merchant_page
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Show what is chosen, or take what a form says."""
    if request.method != "POST":
        return _page(request, merchant, {})
    said = {name: request.POST.get(name, "").replace("\0", "").strip() for name in ("email", "locale", "wants")}
    try:
        set_contact(company=merchant.company, actor=ACTOR, **said)
    except BadContact as error:
        words = {
            "email": _("Write an email address, such as name@example.com."),
            "locale": _("Choose one of the list."),
            "wants": _("Choose one of the list."),
        }
        return _page(request, merchant, said, {error.field: words[error.field]})
    return redirect(f"{request.path}?saved=1")


def _page(
    request: HttpRequest, merchant: Merchant, said: dict[str, str], problems: dict[str, str] | None = None
) -> HttpResponse:
    contact = contact_of(merchant.company)
    known = {
        "email": contact.email,
        "locale": contact.locale if contact.email else merchant.locale,
        "wants": contact.wants,
    }
    context = {
        "said": {**known, **said},
        "wants": [(str(key), *words) for key, words in WANTS.items()],
        "locales": list(NAMES.items()),
        "problems": problems or {},
        "saved": "saved" in request.GET and not problems,
    }
    return shown(request, merchant, "flow/notices.html", context, status=400 if problems else 200)
