"""A way to the database on which the answer to a COMMIT is lost: it was carried out, and nobody was told."""

from __future__ import annotations

import select
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from commerce_sync.embedded_programs import SOCKET_NAME
from tests.commerce_sync.database_place import elsewhere, place

_COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"  # as the protocol has it


class Way:
    """Passes everything on; of the COMMITs of all sessions together, ``lose`` is the number of the one whose answer is
    lost with its session (from 1; 0: none)."""

    def __init__(self, folder: Path, server: str) -> None:
        self.lose = self.commits = 0
        self._server = f"{server}/{SOCKET_NAME}"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(folder / SOCKET_NAME))
        self._listening.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def is_lost(self) -> bool:
        """Whether the answer was lost already."""
        return 0 < self.lose <= self.commits

    def close(self) -> None:
        """Take no further sessions."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            threading.Thread(target=self._session, args=(client,), daemon=True).start()

    def _session(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server, suppress(OSError):
            server.connect(self._server)
            to = {client: server, server: client}
            while True:
                for side in select.select([client, server], [], [])[0]:
                    said = side.recv(65_536)
                    if not said:
                        return
                    to[side].sendall(said)
                    if side is client and said.endswith(_COMMIT) and self._is_to_be_lost():
                        server.recv(65_536)  # it is carried out
                        return

    def _is_to_be_lost(self) -> bool:
        self.commits += 1
        return self.commits == self.lose


@contextmanager
def losing_commits() -> Iterator[Way]:
    """Meanwhile the database of this process is reached by such a way."""
    with tempfile.TemporaryDirectory(prefix="cs-way-") as folder:
        way = Way(Path(folder), place()["host"])
        try:
            with elsewhere(HOST=folder):
                yield way
        finally:
            way.close()
