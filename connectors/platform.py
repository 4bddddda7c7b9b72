"""What a platform is: facts stated by a class, and the few verbs that the engine calls.

A platform file subclasses `CommercePlatform` (where sales come from) or `AccountingPlatform` (where documents go),
states its facts, and overrides only what the declarations cannot say. Pure: no Django, no HTTP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from msgspec import Raw

from connectors import stamps
from connectors.declare import Auth, Budget, Hosts, NoAuth, Safety, Stream
from connectors.errors import Failure, MappingProblem, MisconfiguredPlatform
from connectors.paging import OnePage, Page, since_instant, walk
from connectors.place import Place
from connectors.session import CompanyFacts, Known, Leg, MapContext, Option, Pushed, ReadBack, Session
from connectors.webhooks import Heard, HmacSha256, TimedHmacSha256, TransmissionRsa
from connectors.wire import Response

if TYPE_CHECKING:
    from connectors.auth import Client
    from connectors.purchasing import DraftOrder
    from connectors.stock import StockCount
    from ledger.commerce import Record
    from ledger.documents import Document

__all__ = [
    "AccountingPlatform", "CommercePlatform", "CompanyFacts", "MapContext", "MappingProblem", "Option", "Platform",
    "Pushed", "ReadBack", "Session",
]  # fmt: skip


class Platform:
    """A product that we support.

    `local` ones have no outside: nothing is called, so no hosts and no budget. `published_key` is what the published
    contract calls it: four letters, its own where it gives the platform some. `setting_fields` are the settings that
    come with a connection's authorization, beside those that are part of its address: name → what it is, for people.
    `webhooks` is how the platform signs what it sends us; None for one that sends nothing.
    """

    key: ClassVar[str]
    published_key: ClassVar[str]
    name: ClassVar[str]
    hosts: ClassVar[Hosts]
    auth: ClassVar[Auth] = NoAuth()
    budget: ClassVar[Budget]
    headers: ClassVar[tuple[tuple[str, str], ...]] = ()  # of every call: the version of the interface, for one
    pause_seconds: ClassVar[int] = 0  # to stay away after 429 without a time; 0: the door's own short pause
    announces: ClassVar[tuple[str, ...]] = ("sunset", "deprecation")  # headers that tell of the end of what is asked
    local: ClassVar[bool] = False
    setting_fields: ClassVar[Mapping[str, str]] = MappingProxyType({})
    webhooks: ClassVar[HmacSha256 | TimedHmacSha256 | TransmissionRsa | None] = None

    @property
    def slug(self) -> str:
        """The readable name that is used in addresses."""
        return self.key.replace("_", "-")

    def setting_problem(self, name: str, value: str) -> str:
        """Why `value` cannot be the setting `name` (one of `setting_fields`), for people; empty when it can."""
        return ""

    def leave(self, session: Session) -> bool:
        """Tell an OAuth platform that a connection is given up, before its tokens are; whether they are in use yet."""
        return False

    def came_back(self, params: Mapping[str, str], client: Client, at: datetime) -> dict[str, str]:
        """The settings that came back with the merchant's browser beside the code (a company, a shop) at `at` (aware).

        `params` are the callback's, `client` is who we are. Raises `BadCallback` when it has to be signed and is not.
        """
        return {}

    def refusal(self, response: Response) -> Failure | None:
        """What an answer of 4xx means in this platform's own words; None leaves it to the table of statuses.

        Asked only for answers that say the request was understood and not carried out.
        """
        return None

    def complaint(self, response: Response) -> Failure | None:
        """What an answer with a successful status means when the status is not the whole truth; None for success."""
        return None

    def breath(self, response: Response) -> tuple[timedelta | None, bool]:
        """How long an answer with a successful status asks us to stay away, and whether it is for that a refusal."""
        return None, False

    def too_many(self, response: Response) -> tuple[timedelta | None, bool]:
        """What an answer of 429 says in this platform's own words: how long to stay away where it has no `Retry-After`
        (None: two seconds), and whether that is so for all connections to it."""
        return timedelta(seconds=self.pause_seconds) if self.pause_seconds else None, False


class CommercePlatform(Platform):
    """Where sales come from. `streams` are the class's `Stream` attributes, by name; `met` are the kinds of names
    (tender, tax_rate) that it lists nowhere: they are taken from its sales. `catalog_costs` says that the costs on its
    lines are those of the catalog at the time of mapping."""

    streams: ClassVar[Mapping[str, Stream]] = MappingProxyType({})
    met: ClassVar[frozenset[str]] = frozenset()
    catalog_costs: ClassVar[bool] = False

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "streams" not in cls.__dict__:
            own = {name: value for name, value in vars(cls).items() if isinstance(value, Stream)}
            cls.streams = MappingProxyType({**cls.streams, **own})

    def map(self, dataset: str, row: bytes, context: MapContext) -> list[Record]:
        """The records of one row; none when accounting has nothing to do with it.

        Raises `msgspec.ValidationError` (with the path) for a row of another shape, `MappingProblem` for a
        row whose values cannot be understood, `MisconfiguredPlatform` for an unknown dataset.
        """
        stream = self.stream(dataset)
        found = stream.to(stamps.read(stream.wire, row), context)
        if found is None:
            return []
        return [stamps.in_calendar(each) for each in (found if isinstance(found, list | tuple) else (found,))]

    def identify(self, dataset: str, row: bytes) -> tuple[str, datetime | None]:
        """The row's id, and the aware instant of its last change (None: not said). Raises `MappingProblem`."""
        stream = self.stream(dataset)
        identity, updated = stamps.stamp(row, stream.id, stream.updated)
        if isinstance(identity, bool) or not isinstance(identity, str | int) or identity == "":
            raise MappingProblem("malformed", stream.id, "the row has no id")
        if isinstance(identity, str) and "\x00" in identity:  # no text of PostgreSQL can hold it
            raise MappingProblem("malformed", stream.id, "the id contains the character NUL")
        return str(identity), stamps.instant(updated, stream.updated or "", UTC if stream.is_utc else None)

    def identities(self, dataset: str, body: bytes, rows: Sequence[Raw]) -> list[str] | None:
        """The ids of all rows of a page at once; None when in any doubt, and the rows are then asked one by one."""
        return None

    def fetch(
        self, session: Session, dataset: str, since: datetime | None = None, at: Place | None = None
    ) -> Iterator[Page]:
        """The pages of a stream from `since` on (an aware instant, look-back taken off). Raises a `Failure`.

        `at` is the `then` of a page of an earlier listing with the same `since`: then only those behind that page.
        """
        stream = self.stream(dataset)
        if stream.endpoint is None:
            raise MisconfiguredPlatform(f"{self.key}: {dataset} is pushed to us and cannot be fetched")
        request = stream.endpoint.request()
        if since is not None and stream.since:
            request = since_instant(request, stream.since, since)
        return walk(session, request, paging=stream.paging or OnePage(), rows=stream.rows, at=at)

    def gone(self, session: Session, dataset: str, known: Sequence[Known], at: datetime) -> Iterator[Page]:
        """Rows of the platform file's own making that say which of `known` are clearly not there any more at `at`.

        Asked for streams that declare `vanishes`; `map` makes `Deleted` of them. Raises a `Failure`.
        """
        return iter(())

    def reference(self, dataset: str, row: bytes) -> Any:
        """What a row of names tells of things (`connectors.references.Named`): one, several, None. Raises as `map`."""
        return None

    def stock(self, dataset: str, row: bytes, context: MapContext) -> Sequence[StockCount]:
        """What a row of a stream with `stock=True` tells of stock. Raises as `map` does."""
        return ()

    def stream(self, dataset: str) -> Stream:
        """The declaration of a stream; raises `MisconfiguredPlatform` for an unknown one."""
        try:
            return self.streams[dataset]
        except KeyError:
            raise MisconfiguredPlatform(f"{self.key} has no stream {dataset!r}") from None


class AccountingPlatform(Platform):
    """Where documents go. `document_kinds` names the classes of documents it takes (`Journal`, `Invoice`, …).

    `local` is true for the built-in books: their writes join our own transaction, so there is nothing
    unknown. `voids` names the kinds of documents (as in `Document.kind`) that `void` can take back; others are
    reversed by documents of their own. `drafts_orders` says that purchase orders can be drafted there. `books_setting`
    names the setting that says which books they are: it stays once something was delivered.
    """

    document_kinds: ClassVar[frozenset[str]]
    voids: ClassVar[frozenset[str]] = frozenset()
    drafts_orders: ClassVar[bool] = False
    books_setting: ClassVar[str] = ""
    safety: ClassVar[Safety]

    @property
    def may_post_automatically(self) -> bool:
        """False when one lost answer could make a duplicate that nobody would notice."""
        return self.local or self.safety.may_post_automatically

    def push(self, session: Session, document: Document) -> Pushed:
        """Deliver; raises `UnknownOutcome` when it may have happened, else the Failure that says why not."""
        raise NotImplementedError

    def find(self, session: Session, document: Document) -> Pushed | None:
        """The document at the platform by its reference; None only for a clear "not there"."""
        raise NotImplementedError

    def read_back(self, session: Session, remote_id: str, kind: str) -> ReadBack | list[Leg] | None:
        """Each leg there, in minor units of the document's currency, and the document's day; None: cannot say."""
        return None

    def void(self, session: Session, remote_id: str, kind: str) -> None:
        """Take the document back at the platform; doing it twice is no error."""
        raise NotImplementedError

    def facts(self, session: Session) -> CompanyFacts:
        """Base currency and lock date, as they are now."""
        raise NotImplementedError

    def options(self, session: Session) -> list[Option]:
        """Everything that a mapping may choose from."""
        raise NotImplementedError

    def organizations(self, session: Session) -> list[Option]:
        """The books that the access reaches, of which `books_setting` names one, where a log-in may reach several."""
        return []

    def offers_all(self, session: Session, chosen: Iterable[tuple[str, str]]) -> bool:
        """Whether all that is ``chosen`` (kind and id of options) can be used now; False also for "cannot say". A short
        cut for platforms that can tell at less cost than by their options."""
        return False

    def heard(self, body: bytes, account: str) -> Heard:
        """What a delivery says that happened in `account`, the value of the setting that names it ("" where none does).

        Believed only so far that it is looked at again. Never raises: a body that it cannot read is about the options.
        """
        return Heard(options=True)

    def create_account(self, session: Session, *, name: str, type: str, code: str = "") -> Option:
        """Make an account that the mapping lacks; `type` is one of `Option.type`."""
        raise NotImplementedError

    def draft_order(self, session: Session, order: DraftOrder) -> Pushed:
        """Leave the order there as a draft, which books nothing. Sends once; raises as `push` does."""
        raise NotImplementedError

    def find_order(self, session: Session, reference: str) -> Pushed | None:
        """The drafted order by our reference, whatever became of it since; None only for a clear "not there"."""
        raise NotImplementedError
