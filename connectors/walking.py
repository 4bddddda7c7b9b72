"""Listings that are made of several walks: over all locations, or over what is there and what is in the trash. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from msgspec import structs

from connectors.declare import Pager
from connectors.paging import Page, walk
from connectors.place import Place
from connectors.wire import Request, Sender


def walk_each(
    sender: Sender, requests: Callable[[], Iterable[Request]], *, paging: Pager, rows: str = "", at: Place | None = None
) -> Iterator[tuple[Request, Page]]:
    """The pages of one walk after the other, each with the request of its walk (behind `at`: one of its pages).

    `requests` is called once, and not for a listing that goes on at `at`, which knows what is still to come: what has
    been added since then is in the next one. Raises as `walk` does.
    """
    todo = list(at.after if at is not None else requests())
    if at is None:
        at = begin(todo, paging)
    while at is not None and at.request is not None:
        request = at.request
        for page in walk(sender, request, paging=paging, rows=rows, at=at):
            yield request, replace(page, then=_beyond(page.then, todo, paging))
        at = begin(todo, paging)


def begin(todo: list[Request], paging: Pager) -> Place | None:
    """The place before the first of the walks that are `todo`, which it is taken from; None when there is none."""
    return Place(paging.first(todo.pop(0)), after=tuple(todo)) if todo else None


def _beyond(then: Place | None, todo: list[Request], paging: Pager) -> Place | None:
    """The place behind a page of a walk, as one of the whole listing."""
    if then is None:
        return None
    return structs.replace(then, after=tuple(todo)) if then.request else begin(list(todo), paging) or then
