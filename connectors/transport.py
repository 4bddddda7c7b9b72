"""The sockets under the door: which addresses are reached, whether a byte has left, how a call is cut off.

`requests` and urllib3 do the talking; what they cannot promise is added here, where the socket is made:

- the address that was checked is the address that is connected to (a name that resolves twice cannot cheat);
- `sent` tells a call that never left from one that may have arrived: only then is a write unknown;
- `cut` ends a call from a timer: a time-out of `requests` is per packet, so a drip never meets it.
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import socket
import threading
import weakref
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from connectors.errors import MisconfiguredPlatform

MOST_ADDRESSES: Final = 3  # of one name: each may cost a whole connect time-out
CHUNK_BYTES: Final = 65_536
_GIVEN_OUT: Final = ipaddress.ip_network("2000::/3")
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
_ISATAP: Final = 0x5EFE  # before the IPv4 address, with the bits "universal" and "group" either way
# Global as a registry says it, and yet of no server: protocol assignments and the relays of 6to4.
_RESERVED_FOR_PROTOCOLS: Final = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("192.88.99.0/24"))


class Gate:
    """What one door knows about the sockets of its current call.

    `private` lists `host:port` that may be private.
    """

    def __init__(self, private: frozenset[str] = frozenset()) -> None:
        self.private = private
        self.sent = False
        self.was_cut = False
        self.connection: _Guarded | None = None
        self._call = 0
        self._lock = threading.Lock()
        self._left: list[socket.socket] = []
        self._made: weakref.WeakSet[_Guarded] = weakref.WeakSet()

    def start(self) -> int:
        """Begin a call and return its number, which `cut` asks for."""
        with self._lock:
            self.sent = self.was_cut = False
            self.connection = None
            self._call += 1
            return self._call

    def finish(self) -> None:
        """The call is over: a timer that fires late finds nothing of it."""
        with self._lock:
            self._call += 1
            for handle in self._left:
                handle.close()
            self._left.clear()

    def close(self) -> None:
        """Close every connection that was made: urllib3 leaves it to the garbage collector."""
        for connection in list(self._made):
            connection.close()
        self.finish()

    def made(self, connection: _Guarded) -> None:
        """Remember a connection, for `close`."""
        self._made.add(connection)

    def leave(self, handle: socket.socket) -> None:
        """Keep the handle of a closed connection until the call is over: its answer may still be read."""
        with self._lock:
            self._left.append(handle)

    def cut(self, call: int) -> None:
        """End that call now; called from another thread."""
        with self._lock:
            if call != self._call:
                return
            self.was_cut = True
            current = self.connection.handle if self.connection else None
            for handle in filter(None, (current, *self._left)):
                # The peer may have gone first: then there is nothing left to shut down.
                with contextlib.suppress(OSError):
                    handle.shutdown(socket.SHUT_RDWR)

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of `host`, all public or expressly allowed.

        Raises `MisconfiguredPlatform` otherwise.
        """
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if f"{host}:{port}" not in self.private:
            for address in addresses:
                if not is_public(address):
                    raise MisconfiguredPlatform(f"{host} is the private address {address}; nothing was sent")
        return addresses[:MOST_ADDRESSES]


def is_public(address: str) -> bool:
    """Whether an address is on the open internet.

    Not private, loopback, link-local, multicast or reserved, also when it is an IPv4 address in IPv6 clothes.
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        inner = _inner(parsed)
        if inner is None:
            # What this version of Python calls private is not all: only this part was ever handed out.
            return parsed in _GIVEN_OUT and parsed.is_global
        parsed = inner
    return parsed.is_global and not parsed.is_multicast and not any(parsed in each for each in _RESERVED_FOR_PROTOCOLS)


def _inner(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a mapped, 6to4, NAT64 or ISATAP address leads to; None for a plain one."""
    embedded = address.ipv4_mapped or address.sixtofour
    if embedded is None and (address in _NAT64 or (int(address) >> 32) & 0xFCFFFFFF == _ISATAP):
        embedded = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return embedded


class _Guarded(HTTPConnection):
    """A connection that connects to checked addresses only and reports to its gate."""

    gate: Gate
    handle: socket.socket | None = None

    def __init__(self, *args: Any, gate: Gate, **kwargs: Any) -> None:
        self.gate = gate
        super().__init__(*args, **kwargs)
        gate.made(self)

    def _new_conn(self) -> socket.socket:
        self.gate.connection = self
        name = self._dns_host
        try:
            addresses = self.gate.addresses(self.host, self.port or 0)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        if self.gate.was_cut:
            # The look-up of the name took all the time there was: the timer has come and gone, it cuts nothing later.
            raise ConnectTimeoutError(self, "the total deadline was reached")
        last: Exception | None = None
        for address in addresses:
            try:
                self._dns_host = address
                sock = super()._new_conn()
            except (NewConnectionError, ConnectTimeoutError) as error:
                last = error
                continue
            finally:
                self._dns_host = name
            # A second handle on the same socket: TLS takes over the first, which the timer must not touch.
            self._let_go()
            self.handle = sock.dup()
            return sock
        raise last or NewConnectionError(self, "the name has no address")

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        self.gate.connection = self
        self.gate.sent = True
        super().send(data)

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        if self.handle is not None:
            self.gate.leave(self.handle)
            self.handle = None


class _GuardedTLS(_Guarded, HTTPSConnection):
    """The same over TLS."""


class _Adapter(HTTPAdapter):
    """An adapter whose pools make guarded connections and never repeat a request by themselves."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        super().__init__(pool_connections=2, pool_maxsize=1, max_retries=Retry(0, read=False))

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        pools = {"http": (HTTPConnectionPool, _Guarded), "https": (HTTPSConnectionPool, _GuardedTLS)}
        self.poolmanager.pool_classes_by_scheme = {
            scheme: functools.partial(_guarded_pool, pool, made, self._gate) for scheme, (pool, made) in pools.items()
        }


def _guarded_pool(
    pool: type[HTTPConnectionPool], made: type[_Guarded], gate: Gate, *args: Any, **kwargs: Any
) -> HTTPConnectionPool:
    new = pool(*args, **kwargs)
    new.ConnectionCls = functools.partial(made, gate=gate)  # type: ignore[assignment]
    return new


def new_session(gate: Gate) -> requests.Session:
    """A session without cookies, proxies or credentials from the environment, through `gate`."""
    session = requests.Session()
    session.trust_env = False
    session.mount("https://", _Adapter(gate))
    session.mount("http://", _Adapter(gate))
    session.headers.update({"Accept-Encoding": "gzip, deflate"})
    return session


def read_body(answer: requests.Response, gate: Gate, most_bytes: int) -> bytes:
    """The whole body, decompressed.

    Raises `BodyTooLarge` past `most_bytes`, OSError when the call was cut off.
    """
    chunks: list[bytes] = []
    size = 0
    # read1 returns what one packet brought: read would gather a whole chunk of a dripping server before we
    # can look.
    while chunk := answer.raw.read1(CHUNK_BYTES, decode_content=True):
        size += len(chunk)
        if size > most_bytes:
            raise BodyTooLarge(f"the body is larger than {most_bytes} bytes")
        chunks.append(chunk)
    if gate.was_cut:
        # A body without a length ends where the connection ends: cut by us, it would pass for complete.
        raise TimeoutError("the total deadline was reached")
    return b"".join(chunks)


class BodyTooLarge(OSError):
    """The answer is larger than we are willing to hold."""
