"""Pictures as bytes, made by hand, and a partner's server that has them."""

from __future__ import annotations

import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def a_png(width: int = 8, height: int = 4) -> bytes:
    """A PNG in one color that a browser can draw."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    row = b"\0" + b"\x0a\x7d\x5c" * width
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")


def a_png_of_size(width: int, height: int) -> bytes:
    """A PNG that only says so."""
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + b"\x08\x02\0\0\0"


def a_gif(width: int = 8, height: int = 4) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def a_jpeg(width: int = 8, height: int = 4) -> bytes:
    """With a segment and fill bytes before the one that has the size."""
    return (
        b"\xff\xd8\xff\xe0\x00\x04ab\xff\xff\xc2\x00\x0b\x08" + struct.pack(">HH", height, width) + b"\x03" + b"\0" * 9
    )


def a_webp(kind: str, width: int = 8, height: int = 4) -> bytes:
    """In each of the three ways in which it may say its size."""
    body = {
        "VP8X": b"VP8X\x0a\0\0\0\0\0\0\0" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little"),
        "VP8L": b"VP8L\x0a\0\0\0\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little"),
        "VP8 ": b"VP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height),
    }[kind]
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


@dataclass
class Cdn:
    """What the server has, by path: bytes, (status, headers, bytes), or a function that makes one of them."""

    port: int
    has: dict[str, object] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.port}"


DRIPS = b"drips"  # a body that never ends, a byte at a time


@contextmanager
def a_cdn() -> Iterator[Cdn]:
    """A server on a free port of the loopback, stopped at the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            cdn.asked.append(dict(self.headers))
            found = cdn.has[self.path]
            found = found() if isinstance(found, Callable) else found  # type: ignore[arg-type]
            status, headers, body = found if isinstance(found, tuple) else (200, {}, found)
            self.send_response(status)
            for name, value in {"Content-Type": "text/plain", "Connection": "close", **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if body is not DRIPS:
                self.wfile.write(body)
                return
            for _ in range(200):
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return
                time.sleep(0.02)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cdn = Cdn(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield cdn
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
