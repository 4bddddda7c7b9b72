"""A programmable HTTP server on the loopback, with the faults of a real platform.

It keeps documents (the truth that tests compare with), a log of what came in, and a script of faults: each
fault is used up by one request. A write is committed before or after the fault, as the fault's name says.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Seen:
    """One request as it came over the wire."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request; `seconds` and `header` are for the faults that need them."""

    name: str
    seconds: float = 0.0
    header: str | None = None


@dataclass(frozen=True)
class Answer:
    """What a route answers when it is not simply 200."""

    status: int
    value: Any
    headers: dict[str, str] = field(default_factory=dict)


Route = Callable[[Seen], Any]


@dataclass
class PlatformServer:
    """The state. `routes` answer by path; any other POST makes a document, any GET lists them."""

    port: int = 0
    documents: list[dict[str, Any]] = field(default_factory=list)
    log: list[Seen] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    routes: dict[str, Route] = field(default_factory=dict)
    otherwise: Route | None = None  # answers what no route does
    meets_faults: Callable[[Seen], bool] = lambda seen: True  # which requests use up the script
    lock: threading.Lock = field(default_factory=threading.Lock)
    stopping: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"

    def fail(self, name: str, *, seconds: float = 0.0, header: str | None = None, times: int = 1) -> None:
        """The next `times` requests meet this fault."""
        self.faults.extend([Fault(name, seconds, header)] * times)

    def answer(self, seen: Seen) -> Any:
        """Do what the request asks; this is the moment at which a write is committed."""
        with self.lock:
            route = self.routes.get(seen.path) or self.otherwise
            if route is not None:
                return route(seen)
            if seen.method == "GET":
                return {"documents": self.documents}
            document = {"id": str(len(self.documents) + 1), **json.loads(seen.body or b"{}")}
            self.documents.append(document)
            return document


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True  # an answer is two writes: the second would wait 40 ms for the first
    protocol_version = "HTTP/1.1"
    state: PlatformServer

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet: the log of the state is what tests read."""

    def _handle(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, parts.path, parse_qs(parts.query), headers, self.rfile.read(length))
        with self.state.lock:
            self.state.log.append(seen)
            fault = self.state.faults.popleft() if self.state.faults and self.state.meets_faults(seen) else None
        if fault is None:
            self._reply_to(seen)
        else:
            getattr(self, f"_{fault.name}")(seen, fault)

    def _reply_to(self, seen: Seen) -> None:
        self._tell(self.state.answer(seen))

    def _tell(self, answer: Any) -> None:
        if isinstance(answer, Answer):
            self._reply(answer.status, answer.value, **answer.headers)
        else:
            self._reply(200, answer)

    do_GET = do_POST = do_PUT = do_DELETE = _handle

    def _reply(self, status: int, value: Any, **headers: str) -> None:
        body = b"" if status == 204 else json.dumps(value).encode()
        self._send(status, body, **{"Content-Type": "application/json", **headers})

    def _send(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _reset(self) -> None:
        """Close with RST, as a crashing proxy does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _drop_before(self, seen: Seen, fault: Fault) -> None:
        self._reset()

    def _lose_after(self, seen: Seen, fault: Fault) -> None:
        self.state.answer(seen)
        self._reset()

    def _slow_before(self, seen: Seen, fault: Fault) -> None:
        """The nastiest: the client has given up, and then it is committed."""
        self.state.stopping.wait(fault.seconds)
        self._reply_to(seen)

    def _slow_after(self, seen: Seen, fault: Fault) -> None:
        answer = self.state.answer(seen)
        self.state.stopping.wait(fault.seconds)
        self._tell(answer)

    def _twice(self, seen: Seen, fault: Fault) -> None:
        """A proxy that sends the request on once more by itself."""
        self.state.answer(seen)
        self._reply_to(seen)

    def _err500_before(self, seen: Seen, fault: Fault) -> None:
        self._reply(500, {"error": "internal"})

    def _err500_after(self, seen: Seen, fault: Fault) -> None:
        self.state.answer(seen)
        self._reply(500, {"error": "internal"})

    def _unavailable(self, seen: Seen, fault: Fault) -> None:
        self._reply(503, {}, **({"Retry-After": fault.header} if fault.header is not None else {}))

    def _rate429(self, seen: Seen, fault: Fault) -> None:
        self._reply(429, {}, **({"Retry-After": fault.header} if fault.header is not None else {}))

    def _truncate_after(self, seen: Seen, fault: Fault) -> None:
        body = json.dumps(_value(self.state.answer(seen))).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.close_connection = True

    def _cut_json(self, seen: Seen, fault: Fault) -> None:
        """Half of an answer, as whole as HTTP can tell: a proxy that ran out of memory."""
        body = json.dumps(_value(self.state.answer(seen))).encode()
        self._send(200, body[: len(body) // 2], **{"Content-Type": "application/json"})

    def _html_200(self, seen: Seen, fault: Fault) -> None:
        self._send(200, b"<html>Please log in</html>", **{"Content-Type": "text/html; charset=utf-8"})

    def _redirect_out(self, seen: Seen, fault: Fault) -> None:
        self._send(302, b"", Location=fault.header or "http://127.0.0.1:1/elsewhere")

    def _big_body(self, seen: Seen, fault: Fault) -> None:
        """Four megabytes of zeros in a few kilobytes of gzip."""
        body = gzip.compress(b"0" * 4 * 1024 * 1024)
        self._send(200, body, **{"Content-Type": "application/json", "Content-Encoding": "gzip"})

    def _e401(self, seen: Seen, fault: Fault) -> None:
        self._reply(401, {"error": "invalid_token"})

    def _echo400(self, seen: Seen, fault: Fault) -> None:
        """A platform that prints what it was sent, secrets and all, into its refusal."""
        self._reply(400, {"message": "bad request", "headers": seen.headers, "query": self.path})

    def _slowloris(self, seen: Seen, fault: Fault) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self._drip(b" " * 10_000, fault.seconds)

    def _trickle(self, seen: Seen, fault: Fault) -> None:
        """The right answer, one byte at a time: its end comes after `seconds`."""
        answer = self.state.answer(seen)
        body = json.dumps(_value(answer)).encode()
        self.send_response(answer.status if isinstance(answer, Answer) else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        pause = fault.seconds / max(len(body), 1)
        for place in range(len(body)):
            self.wfile.write(body[place : place + 1])
            if self.state.stopping.wait(pause):
                break

    def _slow_headers(self, seen: Seen, fault: Fault) -> None:
        self._drip(b"HTTP/1.1 200 OK\r\nX-Drip: " + b"x" * 10_000, fault.seconds)

    def _drip(self, text: bytes, seconds: float) -> None:
        end = time.monotonic() + seconds
        for byte in text:
            if time.monotonic() > end or self.state.stopping.wait(0.02):
                break
            try:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
            except OSError:
                break
        self.close_connection = True


def _value(answer: Any) -> Any:
    return answer.value if isinstance(answer, Answer) else answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is what these tests are about."""


@contextmanager
def running() -> Iterator[PlatformServer]:
    """A server on a free port of the loopback, stopped at the end."""
    state = PlatformServer()
    handler = type("Handler", (_Handler,), {"state": state})
    server = _Server(("127.0.0.1", 0), handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.stopping.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
