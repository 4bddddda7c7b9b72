"""What the folder of a platform holds, and what its pages become: the input of the conformance suite.

facts.json        currency and zone of the company, settings, secrets, the vendor's specification, known problems
conventions.json  an amount in yen and one in dinars: a row, and what a person reads there
webhook.json      a signed delivery, where the platform sends any
pages/<stream>.json   [{"request": …, "response": …}, …] in the order in which they are asked for
golden/<stream>.json  the canonical records, or the names, that the rows become
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from connectors import registry
from connectors.declare import Stream
from connectors.named import each
from connectors.platform import CommercePlatform
from connectors.session import MapContext, Session
from connectors.stock import checked
from ledger.commerce import KIND_OF, Deleted, Record
from tests.platforms.exchanges import Json, Replay

HERE = Path(__file__).parent
SPECIFICATIONS = HERE.parents[2] / "shared" / "specs"


class Facts(msgspec.Struct, forbid_unknown_fields=True):
    """`facts.json`. `problems`: record id → code, of records that are in the pages because they must not be posted.

    `pages_from` says where the pages come from: recorded, or built from which published description.
    """

    currency: str
    zone: str
    pages_from: str
    settings: dict[str, Any] = {}
    openapi: str = ""
    problems: dict[str, str] = {}
    untested_operations: dict[str, str] = {}


class Convention(msgspec.Struct, forbid_unknown_fields=True):
    """A row of `stream` whose record states `amount` (in major units, as a person reads it)."""

    stream: str
    amount: str
    row: dict[str, Any]


class Delivery(msgspec.Struct, forbid_unknown_fields=True):
    """A webhook as the platform sends it: signed under `secret` for the address `url`, at the instant `at`."""

    secret: str
    url: str
    at: datetime
    id: str
    headers: dict[str, str]
    body: str


class Row(NamedTuple):
    """One row of the pages, and the context in which it is mapped."""

    stream: str
    body: bytes
    context: MapContext


class Folder:
    """One platform with its folder."""

    def __init__(self, key: str) -> None:
        self.key, self.path = key, HERE / key
        self.platform: CommercePlatform = registry.commerce(key)

    @cached_property
    def facts(self) -> Facts:
        return msgspec.json.decode((self.path / "facts.json").read_bytes(), type=Facts)

    @cached_property
    def conventions(self) -> dict[str, Convention]:
        return msgspec.json.decode((self.path / "conventions.json").read_bytes(), type=dict[str, Convention])

    @cached_property
    def delivery(self) -> Delivery:
        return msgspec.json.decode((self.path / "webhook.json").read_bytes(), type=Delivery)

    @property
    def streams(self) -> dict[str, Stream]:
        return {name: stream for name, stream in self.platform.streams.items() if stream.endpoint is not None}

    def exchanges(self, stream: str) -> list[Json]:
        found: list[Json] = json.loads((self.path / "pages" / f"{stream}.json").read_text())
        return found

    def replay(self, stream: str) -> Replay:
        return Replay(self.platform.stream(stream), self.exchanges(stream))

    def session(self, sender: Any) -> Session:
        return Session(0, 0, self.facts.settings, sender)

    @cached_property
    def context(self) -> MapContext:
        """The company, and everything that the platform's pages of names tell."""
        references: dict[str, dict[str, Any]] = {}
        for name, stream in self.streams.items():
            if stream.kinds:
                continue
            for body in self.bodies(name):
                for named in each(self.platform.reference(name, body)):
                    references.setdefault(named.kind, {})[named.id] = {"name": named.name, **named.facts}
        return MapContext(self.facts.currency, self.facts.zone, self.facts.settings, references)

    def bodies(self, stream: str) -> Iterator[bytes]:
        """The rows of a stream, as they reach the mapping."""
        for page in self.platform.fetch(self.session(self.replay(stream)), stream, None):
            yield from page.rows

    def rows(self) -> Iterator[Row]:
        for name in self.streams:
            for body in self.bodies(name):
                yield Row(name, body, self.context)

    def become(self, stream: str) -> list[Json]:
        """What the rows of a stream become, as it is written into the goldens."""
        found: list[Json] = []
        for body in self.bodies(stream):
            things = () if self.streams[stream].kinds else each(self.platform.reference(stream, body))
            found += [{"record": one.kind, "id": one.id, "name": one.name, "facts": one.facts} for one in things]
            if self.streams[stream].stock:
                counts = map(checked, self.platform.stock(stream, body, self.context))
                found += [{"record": "stock", **msgspec.to_builtins(count)} for count in counts]
            found += map(written, self.platform.map(stream, body, self.context))
        return found

    def golden(self, stream: str) -> list[Json]:
        path = self.path / "golden" / f"{stream}.json"
        found: list[Json] = json.loads(path.read_text()) if path.exists() else []
        return found

    def update_golden(self, stream: str) -> None:
        rows = ",\n ".join(json.dumps(row, ensure_ascii=False) for row in self.become(stream))
        (self.path / "golden").mkdir(exist_ok=True)
        (self.path / "golden" / f"{stream}.json").write_text(f"[{rows}]\n")


def written(record: Record) -> Json:
    """A record as it is written into the goldens."""
    kind = "deleted" if isinstance(record, Deleted) else KIND_OF[type(record)]
    return {"record": kind, **json.loads(msgspec.json.encode(record))}


def without_catalog_costs(kept: Json, mapped: Json) -> tuple[Json, Json]:
    """A record as it is kept and as it is mapped, without costs of the catalog, which knows more by then."""
    for ours, theirs in zip(kept.get("lines") or (), mapped.get("lines") or (), strict=False):
        if ours.pop("cost_of_catalog", False):
            ours.pop("cost")
            theirs.pop("cost", None)
    return kept, mapped


def outside_platforms() -> list[str]:
    """Every commerce platform that we call: each has to have a folder."""
    found = (registry.commerce(key) for key in registry.commerce_keys())
    return [each.key for each in found if not each.local]
