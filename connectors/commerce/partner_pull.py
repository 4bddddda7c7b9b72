"""The partner's own sales system, pulled: it serves the published commerce shapes at an address of its own.

What is asked, with the partner's key in ``Authorization: Bearer <key>``::

    GET {base_url}/commerce-orders?modifiedSince=2026-03-02T11:20:00.000Z&orderBy=-modifiedDate&page=1&pageSize=500

and the same for the other lists of `OFFERED`. ``modifiedSince`` (inclusive, an instant in UTC) is absent in a first
pull. The answer is the published list: ``{"results": […], "pageNumber", "pageSize", "totalResults", "_links"}``. Rows
are mapped exactly as those that a partner pushes (`connectors.commerce.partner`). Rules, and why:

* **Newest change first.** A row that changes while the list is read moves to the front: then rows are met twice, never
  skipped, and the changed one is in the next pull, which starts an hour before the latest change of this one. In any
  other order a page number skips rows. ``modifiedDate`` is when the row changed in the partner's own list, so that a
  sale that arrives late is found.
* **Pages are counted.** ``_links.next`` says that there is one more page, and nobody goes where it leads. A list goes
  on while the link or ``totalResults`` says so: either may be missing or too small. A list without ``_links`` ends with
  its first empty page, or with 404 in the place of one. ``pageSize`` may be capped or ignored by the partner.
* **404 for the first page** is a list that the partner does not offer. When none is offered the address is wrong, and
  the pull says so (`connectors.errors.NothingServed`).
* **An answer without ``results``** is not an empty list but another interface: it is refused.
* **401** ends the authorization; **429** and ``Retry-After`` are waited for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final

import msgspec
from msgspec import structs

from connectors.commerce.partner import REFUND_SOURCES, Partner
from connectors.declare import GET, ApiKey, Budget, Hosts, Rate
from connectors.errors import BadAnswer, Refused
from connectors.paging import Page
from connectors.place import Place
from connectors.session import Session
from connectors.wire import Request, Response

PAGE_SIZE: Final = 500  # rows asked for at a time: a few megabytes of orders
# Servers of partners keep their clocks with less care than the large platforms do, and rows met again cost little.
LOOKBACK: Final = timedelta(hours=1)
_ANNOUNCED: Final = "announced"  # of a page: there is one more
OFFERED: Final = (
    *("locations", "products", "productCategories", "taxComponents", "paymentMethods", "stockLevels"),
    *("orders", "payments", "transactions", "disputes"),
)


class Frame(msgspec.Struct, rename="camel"):
    """What the published list says of itself. Untyped on purpose: a wrong figure here must not cost the rows."""

    results: msgspec.Raw = msgspec.Raw(b"null")
    page_size: Any = None
    total_results: Any = None
    links: Any = msgspec.field(name="_links", default=None)

    @property
    def announces_more(self) -> bool:
        """Whether there is a link to the next page."""
        link = self.links.get("next") if isinstance(self.links, dict) else None
        return bool(link.get("href") if isinstance(link, dict) else link)

    def goes_on(self, number: int, rows: int) -> bool:
        """Whether page `number` (from 1), which has so many rows, is followed by another one."""
        if self.announces_more:
            return True
        if rows == 0:
            return False
        if not isinstance(self.links, dict):
            return True
        reached = (number - 1) * max(_whole(self.page_size), rows) + rows
        return _whole(self.total_results) > reached


def frame_of(body: bytes) -> Frame:
    """The frame of a published list; raises `BadAnswer`."""
    try:
        return msgspec.json.decode(body, type=Frame)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadAnswer(f"the list cannot be read: {error}") from None


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


@dataclass(frozen=True, slots=True)
class PublishedPages:
    """The paging of the published lists; see the module for its end."""

    def first(self, request: Request) -> Request:
        return request.with_params(("page", "1"))

    def following(self, request: Request, response: Response, rows: int) -> Request | None:
        number = int(dict(request.params)["page"])
        if not frame_of(response.body).goes_on(number, rows):
            return None
        return request.with_params(("page", str(number + 1)))


class PartnerPull(Partner):
    """The partner's sales system, whose rows we fetch."""

    key = "partner_pull"
    name = "Partner sales (pulled)"
    published_key = "prtp"
    local = False
    hosts = Hosts(setting="base_url")
    auth = ApiKey()
    # No partner publishes a rate: five calls a second is what a modest server bears beside its own work.
    budget = Budget((Rate(calls=300, seconds=60),))
    setting_fields = MappingProxyType(
        {
            "base_url": "the https address under which commerce-orders and the other lists are served",
            "refunds_from": f"which list tells of refunds: {' or '.join(REFUND_SOURCES)}",
        }
    )
    streams = MappingProxyType(
        {
            name: replace(
                Partner.streams[name],
                endpoint=GET(f"/commerce-{name}", orderBy="-modifiedDate", pageSize=str(PAGE_SIZE)),
                rows="results",
                since="query:modifiedSince",
                paging=PublishedPages(),
                lookback=LOOKBACK,
            )
            for name in OFFERED
        }
    )

    def fetch(
        self, session: Session, dataset: str, since: datetime | None = None, at: Place | None = None
    ) -> Iterator[Page]:
        """The pages of a list; none at all when the partner does not offer it. Raises a `Failure`."""
        announced = at is not None and at.note == _ANNOUNCED
        try:
            for page in super().fetch(session, dataset, since, at):
                frame = frame_of(page.body)
                if not bytes(frame.results).startswith(b"["):
                    raise BadAnswer(f"the answer to commerce-{dataset} has no list `results`")
                announced = frame.announces_more
                note = _ANNOUNCED if announced else ""
                yield replace(page, then=page.then and structs.replace(page.then, note=note))
        except Refused as refusal:
            if refusal.status != HTTPStatus.NOT_FOUND:
                raise
            if announced:
                raise BadAnswer(f"the next page of commerce-{dataset} was announced and is not there") from None

    def identities(self, dataset: str, body: bytes, rows: Sequence[msgspec.Raw]) -> list[str] | None:
        """As for rows that are pushed; `body` is a whole answer here, and the rows are in the list inside."""
        return super().identities(dataset, b"[%b]" % b",".join(map(bytes, rows)), rows)

    def setting_problem(self, name: str, value: str) -> str:
        """See `Platform.setting_problem`."""
        if name == "refunds_from" and value not in REFUND_SOURCES:
            return f"It is one of: {', '.join(REFUND_SOURCES)}."
        return super().setting_problem(name, value)
