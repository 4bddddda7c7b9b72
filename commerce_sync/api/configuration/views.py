"""The configuration of a company: read it, save it, validate it."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from commerce_sync import status
from commerce_sync.api.bodies import raw_body
from commerce_sync.api.configuration.from_book import configuration
from commerce_sync.api.configuration.shapes import Configuration
from commerce_sync.api.configuration.wanted import wanted
from commerce_sync.api.errors import ApiError, conflict, invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.view import ApiView, answer
from commerce_sync.configuration.rules import failures
from commerce_sync.configuration.saving import Overtaken, save_configuration
from commerce_sync.configuration.state import Links, known_of, links_of
from commerce_sync.configuration.wanted import Problem
from commerce_sync.services import CannotResume
from connectors.errors import Failure, NotAuthorized
from connectors.options import ensure_fresh
from ledger.models import Company
from ledger.services import now

REASON: Final = "API"


class CompanyConfiguration(ApiView):
    """How a company's sales are kept, and when."""

    # The accounting software may be asked. A configuration that is sent twice makes one version.
    stores_answers = False
    # What GET answers is what POST takes, with all its options; a chart of accounts may be long.
    most_bytes = 16_000_000

    @operation("get-configuration", "Get company configuration", tag="Advanced controls", answers=Configuration,
               errors=(404,))  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The configuration in force. While there is none, `configured` is false and everything is our suggestion,
        with its reasons as `descriptionText`."""
        company = self.company(companyId)
        links = links_of(company)
        if links.books is not None:
            try:
                links = _refreshed(company, links)
            except Failure:
                links = links_of(company)  # what was fetched before can be shown all the same
        return answer(configuration(known_of(company, links)))

    @operation("set-configuration", "Set configuration", tag="Advanced controls", answers=Configuration,
               body=Configuration, errors=(404, 409))  # fmt: skip
    def post(self, request: Request, companyId: str) -> HttpResponse:
        """Save a configuration: what GET answers, with your changes. What you leave out stays as it is.

        Without a body nothing is saved: the present configuration is validated and answered. 400 names every field
        that is wrong; nothing is saved then. 409: one of the two connections is not linked, the accounting software
        cannot be asked now, or somebody else saved at the same time.
        """
        company = self.company(companyId)
        is_sent = bool(raw_body(request._request, self.most_bytes).strip())
        body = self.body(Configuration) if is_sent else Configuration()
        links = _usable(company)
        known = known_of(company, links)
        asked = wanted(body, known)
        _refuse([*asked.problems, *failures(asked.book, known)])
        if is_sent:
            try:
                save_configuration(company=company, known=known, wanted=asked, actor=self.actor, reason=REASON)
            except Overtaken:
                words = "The configuration was changed by somebody else in the meantime. Read it and try again."
                raise conflict(words, retry=True) from None
            except CannotResume as error:
                raise _cannot_resume(error) from None
            known = known_of(company, links)
        return answer(configuration(known))


def _refreshed(company: Company, links: Links) -> Links:
    """The links after their options were made fresh; raises a `Failure`. The company may have got its currency."""
    if links.books is not None:
        ensure_fresh(links.books, now())
        company.refresh_from_db(fields=["currency"])
    return links


def _usable(company: Company) -> Links:
    """The company's links, both kinds linked and what can be chosen fresh; raises `ApiError` 409."""
    links = links_of(company)
    if not links.are_ready:
        missing = [kind for kind, link in (("sales", links.sales), ("accounting", links.books)) if not link]
        words = f"Link the company's {' and '.join(missing)} connection first; then its configuration can be saved."
        items = [("dataConnections", f"no {kind} connection is linked") for kind in missing]
        raise ApiError(409, words, items=items, code=status.CONFIGURATION)
    try:
        return _refreshed(company, links)
    except NotAuthorized:
        words = "The accounting software no longer lets us in. Authorize its connection anew, then try again."
        raise conflict(words, code=status.DEAUTHORIZED) from None
    except Failure as failure:
        words = f"The accounting software could not be asked what there is to choose from: {failure}. Try again later."
        raise conflict(words, retry=True) from None


def _refuse(problems: list[Problem]) -> None:
    """Raise `ApiError` 400 when there is any problem; each field and sentence once."""
    if not problems:
        return
    found = list(dict.fromkeys(problems))
    count = "One field is" if len(found) == 1 else f"{len(found)} fields are"
    error = invalid(f"The configuration cannot be in force as it is: {count} wrong. Nothing was saved.", *found)
    error.code = status.CONFIGURATION
    raise error


def _cannot_resume(error: CannotResume) -> ApiError:
    found = error.conflict
    words = {"overlap": "have been synced already", "gap": "would never be synced"}[found.kind]
    sentence = f"The days from {found.first} to {found.last} {words}. Choose another start date."
    return invalid("Syncs cannot go on from this start date. Nothing was saved.", ("schedule.startDate", sentence))


urlpatterns = [path("config/companies/<str:companyId>/sync/commerce", CompanyConfiguration.as_view())]
