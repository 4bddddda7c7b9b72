"""Connections: list, create, authorize on behalf of the merchant, unlink."""

from __future__ import annotations

from typing import Final

from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from commerce_sync.api.bodies import raw_body
from commerce_sync.api.connection_shapes import (
    ChooseOrganization,
    Connection,
    CreateConnection,
    Organization,
    Organizations,
    UpdateConnection,
    connection_shape,
)
from commerce_sync.api.errors import ApiError, conflict, invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.view import ApiView, answer
from commerce_sync.connection_errors import ended
from connectors import organizations, registry
from connectors.authorization import BadAuthorization
from connectors.authorizing import authorize, unlink
from connectors.errors import Failure
from connectors.models import Connection as ConnectionRow
from connectors.platform import CommercePlatform
from connectors.services import AlreadyLinked, connect_accounting, connect_commerce

FIELDS: Final = {
    "id": Field("public_id", "uuid"),
    "status": Field("status", "text"),
    "created": Field("created_at", "instant"),
    "lastSync": Field("last_synced_at", "instant"),
    "platformName": Field("name", "text"),
}


class ConnectionList(ApiView):
    """The connections of one company."""

    @operation("list-connections", "List connections", tag="Connections", answers=Connection, paged=True,
               filtered=True, errors=(404,))  # fmt: skip
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """The connections of a company, oldest first."""
        company, paging = self.company(companyId), read_paging(request)
        rows = filtered(ConnectionRow.objects.filter(company=company).order_by("id"), FIELDS, request)
        found = list(rows[paging.offset : paging.offset + paging.size])
        why = ended(found)
        results = [connection_shape(row, company.public_id, request._request, why) for row in found]
        return answer(page_of(results, rows.count(), paging, request))

    @operation("create-connection", "Create connection", tag="Connections", answers=Connection, body=CreateConnection,
               errors=(404,))  # fmt: skip
    def post(self, request: Request, companyId: str) -> HttpResponse:
        """A new connection, waiting for its authorization."""
        company, said = self.company(companyId), self.body(CreateConnection)
        platform = registry.named(said.platform_key)
        if platform is None:
            words = f"There is no platform {said.platform_key[:60]!r}; GET /config/integrations lists them."
            raise invalid(words, ("platformKey", "unknown platform"))
        connect = connect_commerce if isinstance(platform, CommercePlatform) else connect_accounting
        row = connect(company=company, platform=platform.key, actor=self.actor, linked=False)
        return answer(connection_shape(row, row.company.public_id, request._request))


class ConnectionDetail(ApiView):
    """One connection."""

    @operation("update-connection", "Update connection", tag="Connections", answers=Connection, body=UpdateConnection,
               errors=(404, 409))  # fmt: skip
    def patch(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """Unlink a connection. It is linked again by a new authorization."""
        row, said = self.connection(companyId, connectionId), self.body(UpdateConnection)
        if said.status == "Unlinked":
            row = unlink(connection=row, actor=self.actor)
        elif said.status is not None and said.status != row.status:
            raise conflict(f"A connection becomes {said.status} by its authorization; only Unlinked can be set here.")
        return answer(connection_shape(row, row.company.public_id, request._request))


class Authorization(ApiView):
    """The access of one connection."""

    @operation("update-connection-authorization", "Update authorization", tag="Connections", answers=Connection,
               body=dict[str, str], errors=(404, 409))  # fmt: skip
    def put(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """Give the access that the merchant has granted to you: the fields that the platform's authorization needs."""
        row = self.connection(companyId, connectionId)
        # A platform that needs nothing is authorized by clients with no body at all.
        said = self.body(dict[str, str]) if raw_body(request._request).strip() else {}
        try:
            row = authorize(connection=row, secrets=said, actor=self.actor)
        except BadAuthorization as error:
            raise invalid("The authorization does not have what the platform needs.", *error.items) from None
        except AlreadyLinked as error:
            raise conflict(str(error)) from None
        except Failure as failure:
            raise ApiError(400, f"The platform did not accept this: {failure}", retry=None) from None
        return answer(connection_shape(row, row.company.public_id, request._request))


class OrganizationChoice(ApiView):
    """Which of several organizations at the platform a connection is for."""

    @operation("get-connection-organizations", "List organizations", tag="Connections", answers=Organizations,
               errors=(400, 404))  # fmt: skip
    def get(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """The organizations that the merchant's access reaches, where one log-in may reach several."""
        return answer(self._told(self.connection(companyId, connectionId)))

    @operation("choose-connection-organization", "Choose organization", tag="Connections", answers=Organizations,
               body=ChooseOrganization, errors=(404, 409))  # fmt: skip
    def put(self, request: Request, companyId: str, connectionId: str) -> HttpResponse:
        """Choose the organization that the connection is for. Once documents are there, it stays."""
        row = self.connection(companyId, connectionId)
        said = self.body(ChooseOrganization)
        try:
            row = organizations.choose(connection=row, organization_id=said.id, actor=self.actor)
        except organizations.NotReached as error:
            raise invalid(str(error), ("id", "not one of those that the access reaches")) from None
        except organizations.AlreadyWritten as error:
            raise conflict(str(error)) from None
        except Failure as failure:
            raise _not_asked(failure) from None
        return answer(self._told(row))

    def _told(self, row: ConnectionRow) -> Organizations:
        own = organizations.chosen(row)
        try:
            found = organizations.reached(row)
        except Failure as failure:
            raise _not_asked(failure) from None
        return Organizations([Organization(each.id, each.name, each.id == own) for each in found])


def _not_asked(failure: Failure) -> ApiError:
    return ApiError(400, f"The platform could not be asked: {failure}", retry=None)


_ONE: Final = "companies/<str:companyId>/connections/<str:connectionId>"
urlpatterns = [
    path("companies/<str:companyId>/connections", ConnectionList.as_view()),
    path(_ONE, ConnectionDetail.as_view()),
    path(f"{_ONE}/authorization", Authorization.as_view()),
    path(f"{_ONE}/organizations", OrganizationChoice.as_view()),
]
