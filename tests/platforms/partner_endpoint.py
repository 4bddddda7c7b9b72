"""A partner's server that serves the published lists on the loopback: what a partner has to build, and its mistakes.

`rows` is its truth by dataset; a dataset without an entry is answered with 404. `bend` may change any answer: it gets
the request and the honest answer, and returns the body (a value becomes JSON, bytes go out as they are) or a `Reply`.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "partner-endpoint-key"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Asked:
    """One request."""

    path: str
    query: dict[str, str]
    authorization: str

    @property
    def dataset(self) -> str:
        return self.path.rpartition("/commerce-")[2]

    @property
    def page(self) -> int:
        return int(self.query["page"])


@dataclass(frozen=True)
class Reply:
    """An answer that is not 200 with JSON."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Endpoint:
    """The server's state."""

    port: int = 0
    key: str = KEY
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    most_rows: int = 1_000  # of a page, whatever is asked for
    asked: list[Asked] = field(default_factory=list)
    bend: Callable[[Asked, Any], Any] = lambda asked, answer: answer

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.place}/shop/1"

    def answer(self, asked: Asked) -> Any:
        """The honest answer: newest change first, as asked for."""
        if asked.authorization != f"Bearer {self.key}":
            return Reply(401, {"error": "unknown key"})
        if asked.dataset not in self.rows:
            return Reply(404, {"error": "no such list"})
        since = asked.query.get("modifiedSince")
        rows = [row for row in self.rows[asked.dataset] if since is None or moment(row) >= instant(since)]
        rows.sort(key=moment, reverse=asked.query["orderBy"] == "-modifiedDate")
        size = min(int(asked.query["pageSize"]), self.most_rows)
        start = (asked.page - 1) * size
        links = {"self": {"href": asked.path}, "current": {"href": f"{asked.path}?page={asked.page}"}}
        if start + size < len(rows):
            links["next"] = {"href": f"{asked.path}?page={asked.page + 1}&pageSize={size}"}
        return {
            "results": rows[start : start + size],
            "pageNumber": asked.page,
            "pageSize": size,
            "totalResults": len(rows),
            "_links": links,
        }


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def moment(row: dict[str, Any]) -> datetime:
    return instant(row.get("modifiedDate", "2026-01-01T00:00:00Z"))


def a_sale(id: str = "o1", total: Any = 12, *, minute: int = 0, **changes: Any) -> dict[str, Any]:
    """A published order of 12.00 with 2.00 of tax, paid by card, that changed `minute` minutes after noon."""
    row: dict[str, Any] = {
        "id": id,
        "currency": "GBP",
        "createdDate": NOON.isoformat(),
        "modifiedDate": (NOON + timedelta(minutes=minute)).isoformat(),
        "totalAmount": total,
        "orderLineItems": [
            {
                "id": "1",
                "quantity": 1,
                "productRef": {"id": "tea"},
                "totalAmount": total,
                "totalTaxAmount": 2,
                "taxes": [{"taxComponentRef": {"id": "vat20", "name": "VAT"}, "taxAmount": 2}],
            }
        ],
        "payments": [{"id": f"p-{id}", "amount": total, "type": "Card", "status": "Paid"}],
    }
    return row | changes


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True  # an answer is two writes: the second would wait 40 ms for the first
    protocol_version = "HTTP/1.1"
    state: Endpoint

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: `asked` is what tests read."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = Asked(parts.path, dict(parse_qsl(parts.query)), self.headers.get("Authorization", ""))
        self.state.asked.append(asked)
        answer = self.state.bend(asked, self.state.answer(asked))
        reply = answer if isinstance(answer, Reply) else Reply(200, answer)
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **reply.headers}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running() -> Iterator[Endpoint]:
    """The server on a free port, stopped at the end."""
    state = Endpoint()
    handler = type("Handler", (_Handler,), {"state": state})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
