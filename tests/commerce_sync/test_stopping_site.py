"""SIGTERM: the site ends the requests in hand and takes no new ones; the demo takes its worker along."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.db import connection as database

from commerce_sync import site_settings
from ledger.models import RecordRow
from tests.api.cast import Api, an_order, basic, make_partner, ready_company, shop_of

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 60


def until(true: Callable[[], Any], what: str) -> None:
    ends = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < ends, what
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether the site takes a connection, and its worker answers."""
    try:
        with socket.create_connection(("127.0.0.1", port), 20) as probe:
            probe.sendall(b"GET /healthz/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            return probe.recv(64).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


@pytest.mark.django_db(transaction=True)
def test_a_request_in_hand_is_ended_and_no_other_is_taken() -> None:
    api = Api(make_partner())
    company = ready_company(api.partner)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = database.settings_dict
    command = [sys.executable, "-m", "gunicorn", "--config", "python:commerce_sync.site_settings", "--bind",
               f"127.0.0.1:{port}", "--log-level", "error", "commerce_sync.wsgi"]  # fmt: skip
    url = f"postgresql://{place['USER']}@/{place['HOST']}/{place['NAME']}"
    site = subprocess.Popen(command, cwd=ROOT, env={**os.environ, "DATABASE_URL": url})
    try:
        until(lambda: answers(port), "the site never came up")
        path = f"/companies/{company.public_id}/connections/{shop_of(company).public_id}/data/commerce-orders"
        body = json.dumps([an_order(1)]).encode()
        head = (f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {basic(api.secret)}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n")  # fmt: skip
        with socket.create_connection(("127.0.0.1", port), PATIENCE_SECONDS) as in_hand:
            in_hand.sendall(head.encode() + body[:20])
            time.sleep(0.5)  # the one worker, which is idle, reads it now
            site.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            assert site.poll() is None  # it waits for the request
            in_hand.sendall(body[20:])
            assert in_hand.recv(65_536).startswith(b"HTTP/1.1 200 ")
        assert site.wait(site_settings.graceful_timeout) == 0
        assert not answers(port)
    finally:
        site.kill()
        site.wait()
    assert RecordRow.objects.get().external_id == "o1"


DEMO = """
import django, pathlib, sys, time
from django.conf import settings
django.setup()
settings.BASE_DIR = pathlib.Path(sys.argv[1])
from commerce_sync.management.commands.demo import end_by_sigterm, worker_beside
end_by_sigterm()
try:
    with worker_beside():
        time.sleep(60)
except KeyboardInterrupt:
    print("ended in peace")
"""


def test_the_demo_takes_its_worker_along(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text(
        "import os, pathlib, time\npathlib.Path(__file__ + '.pid').write_text(str(os.getpid()))\ntime.sleep(60)\n"
    )
    noted = tmp_path / "manage.py.pid"
    command = [sys.executable, "-c", DEMO, str(tmp_path)]
    demo = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        until(lambda: demo.poll() is None and noted.exists() and noted.read_text(), "no worker")
        demo.send_signal(signal.SIGTERM)
        assert demo.communicate(timeout=PATIENCE_SECONDS)[0].strip() == "ended in peace"
        until(lambda: not psutil.pid_exists(int(noted.read_text())), "the worker is left behind")
    finally:
        demo.kill()
        demo.communicate()
