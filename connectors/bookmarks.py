"""Listings under way: begun, kept at each page, gone on with by whoever comes next, ended by their watermark."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec import Struct

from connectors import place as places
from connectors.models import Bookmark, Connection, Watermark
from connectors.place import Place
from connectors.platform import CommercePlatform
from ledger import sql


class Listing(Struct):
    """A listing of a stream: see `Bookmark` for what is kept of it. ``place`` None: at its beginning."""

    dataset: str
    act: UUID
    began_at: datetime
    since: datetime | None
    reached: datetime | None
    asks: bytes
    place: Place | None = None
    pages: int = 0
    anew: bool = False
    is_kept: bool = False
    left_after: int = 0

    @property
    def is_untouched(self) -> bool:
        """Whether it goes on after so many pages, and not one has come."""
        return self.pages == self.left_after > 0


def listing_of(
    connection: Connection, platform: CommercePlatform, dataset: str, act: UUID, at: datetime, *, anew: bool = False
) -> Listing:
    """The listing that was left, if it still asks what would be asked now; else (or ``anew``) one begun at ``at``."""
    asks = _asks(connection, platform, dataset)
    kept = Bookmark.objects.filter(connection=connection, dataset=dataset, place__isnull=False).first()
    if kept is not None and kept.place is not None and bytes(kept.asks) == asks and not anew:
        place = places.decode(bytes(kept.place))
        if place is not None:
            began = (kept.act, kept.began_at, kept.since, kept.reached_at)
            so_far = (place, kept.pages, kept.began_anew)
            return Listing(dataset, *began, asks, *so_far, is_kept=True, left_after=kept.pages)
    stream = platform.stream(dataset)
    mark = Watermark.objects.filter(connection=connection, dataset=dataset).first() if stream.since else None
    since = mark.reached_at - stream.lookback if mark else None
    return Listing(
        dataset, act, at, since, mark.reached_at if mark else None, asks, anew=anew, is_kept=kept is not None
    )


def keep(connection_id: int, listing: Listing) -> None:
    """Keep where the listing is, in the caller's transaction; a place too large to be kept leaves the one before."""
    kept = places.encode(listing.place) if listing.place is not None else None
    if kept is None:
        return
    sql.execute(
        """INSERT INTO connectors_bookmark
               (connection_id, dataset, act, began_at, since, reached_at, asks, place, pages, began_anew)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
           ON CONFLICT (connection_id, dataset) DO UPDATE SET act = excluded.act, began_at = excluded.began_at,
               since = excluded.since, reached_at = excluded.reached_at, asks = excluded.asks, place = excluded.place,
               pages = excluded.pages, began_anew = excluded.began_anew""",
        (connection_id, listing.dataset, listing.act, listing.began_at, listing.since, listing.reached, listing.asks,
         kept, listing.pages, listing.anew),
        keep_plan=True,
    )  # fmt: skip
    listing.is_kept = True


def end(connection: Connection, listing: Listing, at: datetime, *, advances: bool) -> None:
    """The listing is through: its watermark moves to what it has shown, and its bookmark is of no more use."""
    with sql.unit_of_work():
        if listing.reached is not None and advances:
            Watermark.objects.update_or_create(
                connection=connection,
                dataset=listing.dataset,
                defaults={"reached_at": listing.reached, "pulled_at": at},
            )
        if listing.is_kept:
            drop(connection, listing.dataset)


def drop(connection: Connection, dataset: str) -> None:
    """The platform does not take it, or it has been used up."""
    Bookmark.objects.filter(connection=connection, dataset=dataset).delete()


def through(connection: Connection, act: UUID) -> set[str]:
    """The streams that earlier steps of this pull have read to their end."""
    found = Bookmark.objects.filter(connection=connection, act=act, place__isnull=True)
    return set(found.values_list("dataset", flat=True))


def note_through(connection: Connection, act: UUID, datasets: Collection[str], at: datetime) -> None:
    """Note, for the next step of this pull, that these streams are through."""
    for dataset in sorted(datasets):
        facts = {"act": act, "began_at": at, "since": None, "reached_at": None, "asks": b"", "place": None}
        Bookmark.objects.update_or_create(
            connection=connection, dataset=dataset, defaults={**facts, "pages": 0, "began_anew": False}
        )


def forget_through(connection: Connection) -> None:
    """The pull has ended: the next one reads every stream."""
    Bookmark.objects.filter(connection=connection, place__isnull=True).delete()


def _asks(connection: Connection, platform: CommercePlatform, dataset: str) -> bytes:
    """A digest of all that decides which listing it is: a cursor is of no use in another one."""
    stream = platform.stream(dataset)
    settings = msgspec.json.encode(connection.settings, order="deterministic")
    told = repr((platform.headers, stream.endpoint, stream.since, stream.rows))
    return hashlib.sha256(told.encode() + settings).digest()
