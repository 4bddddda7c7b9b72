"""A platform that counts exactly: ``python -m tests.benchmarks.rate_server CALLS SECONDS``.

Prints its address, and, told to by a line, how many calls passed and how many were turned away.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter, deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Gate:
    """At most `calls` in any `seconds`, by windows that slide and by windows that begin on the clock."""

    def __init__(self, calls: int, seconds: int) -> None:
        self.calls, self.seconds = calls, seconds
        self.lock = threading.Lock()
        self.sliding: deque[float] = deque()
        self.fixed: Counter[int] = Counter()
        self.passed = self.refused = 0

    def lets_through(self) -> bool:
        """Whether the call that arrives now may pass."""
        with self.lock:
            at = time.time()
            while self.sliding and self.sliding[0] <= at - self.seconds:
                self.sliding.popleft()
            window = int(at // self.seconds)
            if len(self.sliding) >= self.calls or self.fixed[window] >= self.calls:
                self.refused += 1
                return False
            self.sliding.append(at)
            self.fixed[window] += 1
            self.passed += 1
            return True


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    protocol_version = "HTTP/1.1"
    gate: Gate

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        status = "200 OK" if self.gate.lets_through() else "429 Too Many Requests"
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n"
        self.wfile.write(head.encode() + b"{}")


def main(calls: int, seconds: int) -> None:
    """Serve until the line that asks for the figures."""
    gate = Gate(calls, seconds)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"gate": gate}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdout.write(f"127.0.0.1:{server.server_address[1]}\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(f"{gate.passed} {gate.refused}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
