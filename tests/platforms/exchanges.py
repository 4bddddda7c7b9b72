"""What was said between us and a platform: recorded, replayed in the process or over the wire, and taken down again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.declare import Stream
from connectors.wire import Request, Response
from tests.connectors.server import Answer, Seen

Json = dict[str, Any]


def question(request: Request) -> Json:
    """A request as it is written down: without headers, which carry secrets."""
    parts = urlsplit(request.path)
    asked: Json = {"method": request.method, "path": parts.path}
    query = {**dict(parse_qsl(parts.query)), **dict(request.params)}
    if query:
        asked["query"] = query
    if request.body:
        asked["body"] = json.loads(request.body)
    return asked


def question_of(seen: Seen) -> Json:
    """The same of what came over the wire."""
    params = tuple((name, values[-1]) for name, values in seen.query.items())
    return question(Request(seen.method, seen.path, params=params, body=seen.body or None))


def without_since(asked: Json, stream: Stream) -> Json:
    """The question without the instant from which on rows are wanted: recorded pages are of no certain day."""
    place, _, path = (stream.since or "").partition(":")
    copied: Json = json.loads(json.dumps(asked))
    level = copied.get(place)
    *parents, last = path.split(".")
    for name in parents:
        level = level.get(name) if isinstance(level, dict) else None
    if isinstance(level, dict):
        level.pop(last, None)
    return copied


def _key(asked: Json) -> str:
    return json.dumps(asked, sort_keys=True)


class Unrecorded(AssertionError):
    """A request that no page of the folder answers."""


@dataclass
class Replay:
    """Answers what was recorded for one stream; `asked` counts each question."""

    stream: Stream
    exchanges: Sequence[Json]
    asked: Counter[str] = field(default_factory=Counter)
    change: Callable[[Json], Any] = lambda response: response

    def respond(self, asked: Json) -> Any:
        """The recorded answer; raises `Unrecorded`."""
        wanted = _key(without_since(asked, self.stream))
        for number, exchange in enumerate(self.exchanges):
            if _key(without_since(exchange["request"], self.stream)) == wanted:
                self.asked[f"{number} {exchange['request']['path']}"] += 1
                return self.change(exchange["response"])
        raise Unrecorded(f"no recorded page answers {wanted}")

    def send(self, request: Request) -> Response:
        """As a door would, in the process."""
        body = json.dumps(self.respond(question(request))).encode()
        return Response(200, {"content-type": "application/json"}, body, request.path)


def replaying(streams: Mapping[str, Replay]) -> Callable[[Seen], Any]:
    """A route that answers whatever any of the streams has recorded, and 404 to all else."""

    def route(seen: Seen) -> Any:
        for replay in streams.values():
            try:
                return replay.respond(question_of(seen))
            except Unrecorded:
                continue
        return Answer(404, {"message": f"nothing recorded for {seen.method} {seen.path}"})

    return route


class Recorder:
    """A sender that takes down what `answer` says."""

    def __init__(self, answer: Callable[[Seen], Any], headers: Mapping[str, str]) -> None:
        self.answer, self.headers = answer, headers
        self.exchanges: list[Json] = []

    def send(self, request: Request) -> Response:
        query = {name: [value] for name, value in request.params}
        found = self.answer(Seen(request.method, request.path, query, dict(self.headers), request.body or b""))
        if isinstance(found, Answer):
            raise AssertionError(f"{request.method} {request.path} was answered by {found.status}: {found.value}")
        said = json.loads(json.dumps(found))
        self.exchanges.append({"request": question(request), "response": said})
        return Response(200, {}, json.dumps(said).encode(), request.path)
