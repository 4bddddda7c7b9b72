"""A missing account, made from the page that lacks it; what was chosen there comes back with the new one chosen."""

from __future__ import annotations

import logging
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commerce_sync.configuration.fields import Field
from commerce_sync.configuration.known import type_name
from commerce_sync.flow.choosing import MENU, fields_of, form_name, label_of
from commerce_sync.flow.fees import fees_page
from commerce_sync.flow.merchant import Merchant, merchant_page, shown
from commerce_sync.flow.payments import payments_page
from commerce_sync.flow.sales import sales_page
from commerce_sync.flow.stage import Begun, begun, said_of
from connectors.errors import Failure, Refused, UnknownOutcome
from connectors.new_account import create_account

logger = logging.getLogger(__name__)

_PAGES: Final = {"sales": sales_page, "fees": fees_page, "payments": payments_page}
_OURS: Final = frozenset({"csrfmiddlewaretoken", "new_for", "new_name", "new_code", "new_type"})
LONGEST_NAME: Final = 150
LONGEST_CODE: Final = 10


@merchant_page
@require_POST
def new_account(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """Ask what the new account is called; make it; show the stage again as it was, with it chosen."""
    said = said_of(request)
    section, _colon, key = said.get("new_for", "").partition(":")
    if section not in _PAGES or merchant.books is None:
        return redirect("flow")
    at = begun(merchant, section)  # type: ignore[arg-type]  # one of the keys, by the line above
    if isinstance(at, HttpResponse):
        return at
    field = next((each for each in fields_of(at.known, section) if each.key == key), None)  # type: ignore[arg-type]
    if field is None:
        return redirect("flow")
    carried = {name: value for name, value in said.items() if name not in _OURS}
    if "new_name" not in said:
        return _form(request, merchant, at, field, carried, said)
    problem = _problem(said, field)
    if problem:
        return _form(request, merchant, at, field, carried, said, problem)
    try:
        made = create_account(
            connection=merchant.books, name=said["new_name"].strip(), type=said["new_type"],
            code=said.get("new_code", "").strip(), actor="merchant",
        )  # fmt: skip
    except Failure as error:
        return _form(request, merchant, at, field, carried, said, _sentence(error))
    at = begun(merchant, section)  # type: ignore[arg-type]
    if isinstance(at, HttpResponse):
        return at
    is_typed = len(at.known.accounts_for(field)) > MENU
    carried[form_name(field)] = label_of(made) if is_typed else made.id
    return _PAGES[section](request, merchant, at, carried)


def _problem(said: dict[str, str], field: Field) -> str:
    name = said["new_name"].strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        return _("Give the account a name of at most %(most)s characters.") % {"most": LONGEST_NAME}
    if len(said.get("new_code", "").strip()) > LONGEST_CODE:
        return _("A number has at most %(most)s characters.") % {"most": LONGEST_CODE}
    if said.get("new_type") not in field.types:
        return _("Choose what kind of account it is.")
    return ""


def _sentence(error: Failure) -> str:
    if isinstance(error, UnknownOutcome):
        return _("Your accounting software did not answer in time. Send it again: it will not be made twice.")
    if isinstance(error, Refused):
        words = _("Your accounting software refused it: %(reason)s Change the name or the number.")
        return words % {"reason": str(error)[:300]}
    logger.warning("an account could not be made: %s", error)
    return _("Your accounting software cannot be reached now. Try again in a few minutes.")


def _form(
    request: HttpRequest,
    merchant: Merchant,
    at: Begun,
    field: Field,
    carried: dict[str, str],
    said: dict[str, str],
    problem: str = "",
) -> HttpResponse:
    context = {
        **at.context,
        "new_for": f"{field.section}:{field.key}",
        "label": _(field.label),
        "carried": carried,
        "types": [(each, type_name(each)) for each in field.types],
        "name": said.get("new_name", _(field.label)),
        "code": said.get("new_code", ""),
        "type": said.get("new_type", field.types[0]),
        "problem": problem,
        "back": f"flow-{field.section}",
    }
    return shown(request, merchant, "flow/new_account.html", context, status=400 if problem else 200)
