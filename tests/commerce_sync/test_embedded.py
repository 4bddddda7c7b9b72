"""The embedded PostgreSQL: shared by processes that come, go and are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from commerce_sync import embedded
from commerce_sync.embedded_programs import EmbeddedServerError

PROJECT = Path(__file__).parents[2]
STARTER = "import sys; from pathlib import Path; from commerce_sync import embedded; "
START = STARTER + "print(embedded.ensure_running(Path(sys.argv[1])).url, flush=True); "


@pytest.fixture
def root() -> Iterator[Path]:
    # Not pytest's tmp_path: its parents are closed to other users and its length is not ours to choose.
    with tempfile.TemporaryDirectory(prefix="cs-embedded-", dir="/tmp") as folder:
        path = Path(folder)
        path.chmod(0o711)
        yield path
        embedded.stop(path)


def starter(root: Path, then: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", START + then, str(root)]
    return subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)


def answer(url: str, question: str) -> object:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(question).fetchone()
    assert row is not None
    return row[0]


def postmaster(root: Path) -> psutil.Process:
    return psutil.Process(int((root / "postgres" / "postmaster.pid").read_text().splitlines()[0]))


def test_processes_that_start_together_share_one_server(root: Path) -> None:
    processes = [starter(root) for _ in range(4)]
    urls = {process.communicate(timeout=60)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0] * 4
    assert urls == {embedded.ensure_running(root).url}
    assert answer(urls.pop(), "SELECT current_user || '@' || current_database()") == "commerce_sync@commerce_sync"


def test_the_server_outlives_a_kill_of_the_process_that_started_it(root: Path) -> None:
    process = starter(root, "import time; time.sleep(60)")
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    before = postmaster(root).pid
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    process.stdout.close()
    assert answer(url, "SELECT 1") == 1
    embedded.ensure_running(root)
    assert postmaster(root).pid == before


@pytest.mark.case("H01")
def test_what_was_committed_survives_a_kill_of_the_server(root: Path) -> None:
    url = embedded.ensure_running(root).url
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        # The connection stays open: its backend may still hold the memory that the next server wants.
        killed = postmaster(root)
        killed.kill()
        killed.wait(10)
        assert answer(embedded.ensure_running(root).url, "SELECT number FROM kept") == 7


def test_a_pid_file_that_names_another_program_does_not_stop_the_start(root: Path) -> None:
    data = root / "postgres"
    embedded.ensure_running(root)
    lines = (data / "postmaster.pid").read_text().splitlines()
    embedded.stop(root)
    # As after a reboot: the number now belongs to a living process, here to this test.
    (data / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert answer(embedded.ensure_running(root).url, "SELECT 1") == 1


def test_a_creation_that_died_half_way_is_begun_again(root: Path) -> None:
    half = root / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    assert answer(embedded.ensure_running(root).url, "SELECT 1") == 1
    assert not half.exists()


def test_a_long_path_gets_a_private_socket_directory_that_is_short_enough(root: Path) -> None:
    deep = root / ("a-long-name-" * 4) / ("another-long-name-" * 3)
    server = embedded.ensure_running(deep)
    try:
        assert len(str(server.socket_directory / embedded.SOCKET_NAME)) < 100
        assert server.socket_directory.stat().st_mode & 0o077 == 0
        assert answer(server.url, "SELECT 1") == 1
    finally:
        embedded.stop(deep)
        server.socket_directory.rmdir()


def test_the_server_has_the_settings_that_we_rely_on_and_no_tcp_port(root: Path) -> None:
    url = embedded.ensure_running(root).url
    expected = {"TimeZone": "UTC", "jit": "off", "synchronous_commit": "on", "shared_buffers": "512MB"}
    expected |= {"max_connections": "100", "max_wal_size": "4GB", "listen_addresses": ""}
    assert {name: answer(url, f"SHOW {name}") for name in expected} == expected


def test_only_the_owner_can_enter_the_socket_directory(root: Path) -> None:
    server = embedded.ensure_running(root)
    assert server.socket_directory.stat().st_mode & 0o077 == 0


def test_stopping_says_whether_there_was_something_to_stop(root: Path) -> None:
    assert embedded.stop(root) is False
    embedded.ensure_running(root)
    assert embedded.is_running(root) is True
    assert embedded.stop(root) is True
    assert embedded.is_running(root) is False
    assert embedded.stop(root) is False


def test_data_of_a_version_that_is_not_installed_is_refused_by_name(root: Path) -> None:
    embedded.ensure_running(root)
    embedded.stop(root)
    (root / "postgres" / "PG_VERSION").write_text("9\n")
    with pytest.raises(EmbeddedServerError, match="made by PostgreSQL 9"):
        embedded.ensure_running(root)
    (root / "postgres" / "PG_VERSION").write_text("18\n")


def test_a_running_server_is_found_fast(root: Path) -> None:
    embedded.ensure_running(root)
    begun = time.perf_counter()
    for _ in range(20):
        embedded.ensure_running(root)
    assert time.perf_counter() - begun < 1


def test_the_module_needs_no_django() -> None:
    code = "import sys, commerce_sync.embedded; sys.exit('django' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PROJECT).returncode == 0


def test_the_command_line_starts_reports_and_stops(root: Path) -> None:
    def command(word: str) -> int:
        environment = {**os.environ, "COMMERCE_SYNC_DATA_DIR": str(root)}
        arguments = [sys.executable, "-m", "commerce_sync.embedded", word]
        return subprocess.run(arguments, cwd=PROJECT, env=environment, capture_output=True).returncode

    assert [command(word) for word in ("status", "start", "status", "stop", "stop", "dance")] == [
        3,
        0,
        0,
        0,
        1,
        2,
    ]
