"""The published shape of connections, and what our rows are in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, Final, Literal, Protocol
from uuid import UUID, uuid5

from django.http import HttpRequest
from msgspec import UNSET, UnsetType

from commerce_sync.api.links import absolute
from commerce_sync.api.shape import Input, Shape
from commerce_sync.connection_errors import Ended
from connectors import registry
from connectors.platform import CommercePlatform, Platform

# The ids of platforms are made of their keys, so that every installation has the same.
PLATFORMS: Final = UUID("9c1f6f0e-3f0b-5d57-9a54-1a4f4b0b7a11")
Status = Literal["PendingAuth", "Linked", "Unlinked", "Deauthorized"]
SourceType = Literal["Accounting", "Banking", "BankFeed", "Commerce", "Expense", "Other", "Unknown"]


class DataConnectionError(Shape):
    """Why a connection does not work."""

    status_code: str
    status_text: str
    error_message: str
    errored_on_utc: datetime
    status: Literal["Active", "Resolved"]


class Connection(Shape):
    """One company's link to a platform. ``connection_info`` has the platform's readable name as ``platform``."""

    id: UUID
    integration_id: UUID
    integration_key: str
    source_id: UUID
    source_type: SourceType
    platform_name: str
    link_url: str
    status: Status
    created: datetime
    last_sync: datetime | None | UnsetType = UNSET
    data_connection_errors: list[DataConnectionError] | UnsetType = UNSET
    connection_info: dict[str, Any] | None | UnsetType = UNSET


class CreateConnection(Input):
    """A platform to connect, by slug or published key."""

    platform_key: str


class UpdateConnection(Input):
    """The status that a connection is to have: only ``Unlinked`` can be asked for."""

    status: Status | None = None


class Organization(Shape):
    """One of those that the access of a connection reaches; ``chosen`` is the one that the connection is for."""

    id: str
    name: str
    chosen: bool


class Organizations(Shape):
    """What there is to choose from; empty where the platform has no such choice."""

    organizations: list[Organization]


class ChooseOrganization(Input):
    """The organization that a connection is for, by the platform's id."""

    id: str


@cache
def _integration_id(key: str) -> UUID:
    return uuid5(PLATFORMS, key)


def integration_id(platform: Platform) -> UUID:
    """The id of a platform."""
    return _integration_id(platform.key)


def source_type(platform: Platform) -> SourceType:
    """Which of the published kinds a platform is."""
    return "Commerce" if isinstance(platform, CommercePlatform) else "Accounting"


class LinkFacts(Protocol):
    """What is published of a connection: its row, or what a list reads of it."""

    public_id: UUID
    platform: str
    name: str
    status: str
    created_at: datetime
    last_synced_at: datetime | None


NOTHING_ENDED: Final[Mapping[UUID, Ended]] = {}
LINK_FACTS: Final = ("public_id", "platform", "name", "status", "created_at", "last_synced_at")


def connection_shape(
    row: LinkFacts, company_id: UUID, request: HttpRequest, ended: Mapping[UUID, Ended] = NOTHING_ENDED
) -> Connection:
    """A connection of the company with this public id, as it is published; ``ended`` says why it is not linked."""
    platform = registry.named(row.platform)
    assert platform is not None, row.platform  # noqa: S101  # rows are only made of registered platforms
    return Connection(
        id=row.public_id,
        integration_id=integration_id(platform),
        integration_key=platform.published_key,
        source_id=uuid5(row.public_id, "source"),
        source_type=source_type(platform),
        platform_name=platform.name,
        link_url=absolute(request, f"/link/{company_id}/{row.public_id}"),
        status=row.status,  # type: ignore[arg-type]  # one of them, by a constraint
        created=row.created_at,
        last_sync=row.last_synced_at or UNSET,
        data_connection_errors=[_error(ended[row.public_id])] if row.public_id in ended else UNSET,
        connection_info={"platform": platform.slug, "name": row.name},
    )


def _error(why: Ended) -> DataConnectionError:
    words = f"The platform does not let us in any more: {why.reason} Authorize the connection again."
    return DataConnectionError(
        status_code="401", status_text="Deauthorized", error_message=words, errored_on_utc=why.at, status="Active"
    )
