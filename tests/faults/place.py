"""The outside world of the run: one server on the loopback that is every merchant's till, books and authorization.

What it holds is the truth: the rows that a till has, the documents that books have taken. Who asks is known by the
access token, so that one merchant's call can never reach another's rows without being seen here.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from msgspec import Struct

from tests.connectors.server import Answer, PlatformServer, Seen
from tests.connectors.server import running as running_server
from tests.faults.chance import Chance

PAGE_SIZE: Final = 20
TOKEN_SECONDS: Final = 40
ENDS_IN_MID_PAGE: Final = 0.05  # how often an access token ends between two pages


class Side(Struct):
    """One connection's other end: its tokens, and its rows or documents by what it is. `listed` are the moments at
    which somebody began to read its rows."""

    name: str
    rows: dict[str, dict[str, Any]] = {}
    documents: list[dict[str, Any]] = []
    keys: dict[str, Any] = {}
    listed: list[float] = []
    keyed: bool = False
    unique: bool = False
    access: str = ""
    refresh: str = ""
    generation: int = 0
    ends: float = 0.0

    def renew(self) -> dict[str, Any]:
        """New tokens; the former pair works no longer."""
        self.generation += 1
        self.ends = time.monotonic() + TOKEN_SECONDS
        self.access, self.refresh = f"a-{self.name}-{self.generation}", f"r-{self.name}-{self.generation}"
        return {"access_token": self.access, "refresh_token": self.refresh, "expires_in": TOKEN_SECONDS}


class Place:
    """The server and its sides. Rotation is strict: a former refresh token is refused. `moved` counts what changed
    between two pages, `ended` the tokens that ended there."""

    def __init__(self, server: PlatformServer, seed: int, rate: float) -> None:
        self.server, self.chance = server, Chance(seed, rate, self.name_of, self._may_repeat)
        self._random = Random(seed + 1)  # noqa: S311 (chance that repeats is the point)
        self.sides: dict[str, Side] = {}
        self.calls: Counter[str] = Counter()
        self.trespasses: list[str] = []
        self.restless = 0.2  # how often a row changes between two pages
        self.moved = self.ended = 0
        server.faults = self.chance  # type: ignore[assignment]
        server.meets_faults = self.chance.look
        server.routes = {"/token": self._token, "/sales": self._sales, "/documents": self._write}
        server.routes |= {"/search": self._search, "/legs": self._legs}

    def side(self, name: str, *, keyed: bool = False, unique: bool = False) -> Side:
        """A new other end with its first tokens."""
        found = self.sides[name] = Side(name, keyed=keyed, unique=unique)
        found.renew()
        return found

    def name_of(self, seen: Seen) -> str:
        """The side that a request is to, by its token; "" when it has none."""
        return seen.headers.get("authorization", "").removeprefix("Bearer ").removeprefix("a-").rpartition("-")[0]

    def _may_repeat(self, seen: Seen) -> bool:
        side = self.sides.get(self.name_of(seen))
        return seen.path != "/documents" or side is None or side.keyed or side.unique

    def _asked(self, seen: Seen) -> Side | None:
        self.calls[seen.path] += 1
        found = self.sides.get(self.name_of(seen))
        token = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if found is None or found.access != token or time.monotonic() > found.ends:
            return None
        return found

    def _token(self, seen: Seen) -> Any:
        self.calls[seen.path] += 1
        given = dict(part.split("=", 1) for part in seen.body.decode().split("&") if "=" in part)
        token = given.get("refresh_token", "")
        found = self.sides.get(token.removeprefix("r-").rpartition("-")[0])
        if found is None or found.refresh != token:
            return Answer(400, {"error": "invalid_grant"})
        return found.renew()

    def _sales(self, seen: Seen) -> Any:
        side = self._asked(seen)
        if side is None:
            return Answer(401, {"error": "invalid_token"})
        since, number = seen.query.get("since", [""])[0], int(seen.query["page"][0])
        if number == 1:
            side.listed.append(time.monotonic())
        elif self._random.random() < self.restless * ENDS_IN_MID_PAGE / 0.2:
            side.ends, self.ended = 0.0, self.ended + 1
            return Answer(401, {"error": "invalid_token"})
        rows = sorted((row for row in side.rows.values() if row["changed"] >= since), key=lambda row: row["changed"])
        start = (number - 1) * PAGE_SIZE
        if number > 1 and self._random.random() < self.restless:
            self._touch(side, rows[: start - 1])
            rows.sort(key=lambda row: row["changed"])
        return {"rows": rows[start : start + PAGE_SIZE], "more": start + PAGE_SIZE < len(rows), "page": number}

    def _touch(self, side: Side, rows: list[dict[str, Any]]) -> None:
        """A row of a former page changes while the listing is read: it is at the end now, and all others have moved."""
        if rows:
            self.moved += 1
            chosen = self._random.choice(rows)
            chosen["total"] = f"{self._random.randrange(1, 900)}.{self._random.randrange(100):02d}"
            chosen["changed"] = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _write(self, seen: Seen) -> Any:
        side = self._asked(seen)
        if side is None:
            return Answer(401, {"error": "invalid_token"})
        body = json.loads(seen.body)
        key = seen.headers.get("idempotency-key", "")
        if side.keyed:
            if not key:
                self.trespasses.append(f"{body['reference']} came without a key")
            if key in side.keys:
                return side.keys[key]
        if side.unique and any(each["reference"] == body["reference"] for each in side.documents):
            return {"refused": "duplicate"}
        document = {"id": f"{side.name}-{len(side.documents) + 1}", **body}
        side.documents.append(document)
        side.keys[key] = {"id": document["id"]}
        return side.keys[key]

    def _search(self, seen: Seen) -> Any:
        side = self._asked(seen)
        if side is None:
            return Answer(401, {"error": "invalid_token"})
        wanted = seen.query["reference"][0]
        return {"ids": [each["id"] for each in side.documents if each["reference"] == wanted]}

    def _legs(self, seen: Seen) -> Any:
        side = self._asked(seen)
        if side is None:
            return Answer(401, {"error": "invalid_token"})
        found = [each["entries"] for each in side.documents if each["id"] == seen.query["id"][0]]
        return {"entries": found[0] if found else None}


@contextmanager
def running(seed: int, rate: float) -> Iterator[Place]:
    """The place on a free port; it keeps no log of requests, which are too many."""
    with running_server() as server:
        server.log = _Nothing()
        yield Place(server, seed, rate)


class _Nothing(list[Seen]):
    def append(self, _: Seen) -> None:
        """Forget it."""
