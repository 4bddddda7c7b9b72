"""Pages of lists, as published: ``page`` from 1, ``pageSize``, and HAL links."""

from __future__ import annotations

import types
from collections.abc import Sequence
from functools import cache
from typing import Any, Final, Generic, NamedTuple, TypeVar
from urllib.parse import urlencode

from msgspec import UNSET, UnsetType, field
from rest_framework.request import Request

from commerce_sync.api.errors import invalid
from commerce_sync.api.shape import Shape

DEFAULT_SIZE: Final = 100
LARGEST_SIZE: Final = 5_000
LAST_PAGE: Final = 1_000_000_000
T = TypeVar("T")


class Paging(NamedTuple):
    """Which page is asked for."""

    page: int
    size: int

    @property
    def offset(self) -> int:
        """How many rows come before it."""
        return (self.page - 1) * self.size


class Href(Shape):
    """A link."""

    href: str


class Links(Shape):
    """Where the neighbors of a page are."""

    current: Href
    self: Href
    next: Href | UnsetType = UNSET
    previous: Href | UnsetType = UNSET


class Page(Shape, Generic[T]):
    """One page of a list."""

    results: list[T]
    page_number: int
    page_size: int
    total_results: int
    links: Links = field(name="_links")


@cache
def page_shape(row: type[Any]) -> type[Any]:
    """The shape of a page of ``row``, with a name of its own."""
    return types.new_class(f"{row.__name__}Page", (Page[row],))  # type: ignore[valid-type]


def read_paging(request: Request, default: int = DEFAULT_SIZE, largest: int = LARGEST_SIZE) -> Paging:
    """The page that the caller asks for, of ``default`` and at most ``largest`` rows; raises `ApiError` 400."""
    return Paging(_number(request, "page", 1, LAST_PAGE), _number(request, "pageSize", default, largest))


def page_of(results: Sequence[T], total: int, paging: Paging, request: Request) -> Page[T]:
    """The page of ``results`` out of ``total``, with its links."""
    last = -(-total // paging.size)
    return Page(
        results=list(results),
        page_number=paging.page,
        page_size=paging.size,
        total_results=total,
        links=Links(
            current=_link(request, paging.page, paging.size),
            self=Href(href=request.path),
            next=_link(request, paging.page + 1, paging.size) if paging.page < last else UNSET,
            previous=_link(request, paging.page - 1, paging.size) if paging.page > 1 else UNSET,
        ),
    )


def _number(request: Request, name: str, default: int, largest: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= largest):
        raise invalid(f"{name} must be a whole number from 1 to {largest}.", (name, f"{text[:40]!r} is not"))
    return int(text)


def _link(request: Request, page: int, size: int) -> Href:
    kept = [(name, value) for name, value in request.query_params.items() if name not in ("page", "pageSize")]
    return Href(href=f"{request.path}?{urlencode([('page', page), ('pageSize', size), *kept])}")
