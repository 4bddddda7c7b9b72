"""What passes between the engine and a platform, as plain values. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from connectors.errors import MisconfiguredPlatform
from connectors.wire import Request, Response, Sender


@dataclass(frozen=True, slots=True)
class MapContext:
    """What a mapping may know beside the row: the company's currency and zone, settings and names.

    `references` leads from a kind (`location`, `category`, …) and a platform id to what is known of it.
    `received_at` is when the row reached us (an aware instant), for platforms that do not say when it
    changed. `costs` (`connectors.costs`) are put on what a mapping made, not by it.
    """

    currency: str
    zone: str = "UTC"
    settings: Mapping[str, Any] = field(default_factory=dict)
    references: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    received_at: datetime | None = None
    costs: Mapping[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """One piece of work for one connection. `door` is None for a local platform, which has no outside.

    `remote_ids` leads from the key of a document to its id at the platform: of what a payment settles, while that
    payment is pushed or looked up. One that is missing is not at the platform, or was taken back. `accounts` leads from
    an account's id to what was last kept of it, while documents are delivered and read back: what a platform wants of
    a document often hangs on the accounts that it names. Empty when nothing was kept yet.
    `memory` is the platform's own, for what it need not ask twice in one piece of work.
    """

    connection_id: int
    company_id: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    door: Sender | None = None
    remote_ids: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, Option] = field(default_factory=dict)
    memory: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def send(self, request: Request) -> Response:
        """Send through the door; raises a `Failure`."""
        if self.door is None:
            raise MisconfiguredPlatform("a local platform has no door to send through")
        return self.door.send(request)


@dataclass(frozen=True, slots=True)
class Known:
    """A record that counts at the moment: its id, its currency, when it happened, and the order that it is about."""

    id: str
    currency: str
    happened_at: datetime
    order_id: str = ""


@dataclass(frozen=True, slots=True)
class Pushed:
    """A document at the platform: its id there, where a person sees it, and the platform's answer."""

    remote_id: str
    url: str = ""
    answer: Mapping[str, Any] = field(default_factory=dict)


Leg = tuple[str, int, int]
"""(account, debit, credit) in minor units."""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """What stands at the platform of a document: its legs, and the day it is dated there (None: it does not say)."""

    legs: list[Leg]
    day: date | None = None


@dataclass(frozen=True, slots=True)
class CompanyFacts:
    """What the platform says about the company: its base currency, and the last day of its locked period.

    `settings` are settings of the connection that the platform itself tells (which of its companies the access is for);
    they are kept where the connection has none of that name.
    """

    base_currency: str
    lock_through: date | None = None
    name: str = ""
    remote_id: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Option:
    """Something to choose from at an accounting platform: an account, a tax rate, a customer, …

    `kind` is account, tax_rate, customer, supplier, item or tracking; `type` is the platform-neutral account
    type (asset, bank, liability, equity, income, expense) or empty.
    """

    kind: str
    id: str
    name: str
    code: str = ""
    type: str = ""
    currency: str | None = None
    active: bool = True
    detail: Mapping[str, Any] = field(default_factory=dict)
