"""Serves pages of Square's orders from memory, as a process of its own: ``python -m tests.benchmarks.pull_server DIR``.

The pages are made before, so that what is timed on the other side is fetching and what comes after it.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec


class _Asked(msgspec.Struct):
    cursor: str = "0"


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True  # an answer is two writes: the second would wait 40 ms for the first
    protocol_version = "HTTP/1.1"
    pages: tuple[bytes, ...]

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        self._send(b'{"locations": [{"id": "LOC1"}]}')

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self._send(self.pages[int(msgspec.json.decode(body, type=_Asked).cursor)])

    def _send(self, body: bytes) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.wfile.write(head.encode() + body)


def main(folder: Path) -> None:
    """Serve until killed; the port is printed."""
    pages = tuple(path.read_bytes() for path in sorted(folder.glob("*.json")))
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"pages": pages}))
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
