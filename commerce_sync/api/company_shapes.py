"""The published shape of companies, and what our rows are in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final, Protocol
from uuid import UUID

from django.http import HttpRequest
from msgspec import UNSET, Meta, UnsetType

from commerce_sync.api.connection_shapes import NOTHING_ENDED, Connection, LinkFacts, connection_shape
from commerce_sync.api.links import absolute
from commerce_sync.api.shape import Input, Shape
from commerce_sync.connection_errors import Ended

TagName = Annotated[str, Meta(min_length=1, max_length=27)]
Tags = Annotated[dict[TagName, Annotated[str, Meta(max_length=100)]], Meta(max_length=10)]
Name = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")
]
Description = Annotated[str, Meta(max_length=500)]


class Company(Shape):
    """A merchant. ``currency`` and ``time_zone`` are ours: what its books start from."""

    id: UUID
    name: str
    redirect: str
    created: datetime
    currency: str
    time_zone: str
    data_connections: list[Connection]
    description: str | UnsetType = UNSET
    last_sync: datetime | UnsetType = UNSET
    tags: dict[str, str] = {}


class CreateCompany(Input):
    """A new merchant. ``currency`` (ISO 4217) and ``time_zone`` (IANA) are ours; by default they are the partner's."""

    name: Name
    description: Description | None = None
    tags: Tags | None = None
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    time_zone: Annotated[str, Meta(max_length=64)] | None = None


class UpdateCompany(Input):
    """What is to change; what is absent stays."""

    name: Name | UnsetType = UNSET
    description: Description | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET


class CompanyFacts(Protocol):
    """What is published of a company: its row, or what a list reads of it."""

    public_id: UUID
    name: str
    description: str
    tags: dict[str, str]
    currency: str
    zone: str
    created_at: datetime


COMPANY_FACTS: Final = ("public_id", "name", "description", "tags", "currency", "zone", "created_at")


def company_shape(
    row: CompanyFacts,
    connections: Sequence[LinkFacts],
    request: HttpRequest,
    ended: Mapping[UUID, Ended] = NOTHING_ENDED,
) -> Company:
    """A company as it is published; ``ended`` says why connections of it are not linked any more."""
    synced = [each.last_synced_at for each in connections if each.last_synced_at]
    return Company(
        id=row.public_id,
        name=row.name,
        redirect=absolute(request, f"/link/{row.public_id}"),
        created=row.created_at,
        data_connections=[connection_shape(each, row.public_id, request, ended) for each in connections],
        description=row.description or UNSET,
        last_sync=max(synced) if synced else UNSET,
        tags=row.tags,
        currency=row.currency,
        time_zone=row.zone,
    )
