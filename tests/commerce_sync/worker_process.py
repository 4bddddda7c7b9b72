"""A real worker process for `test_kill`: `worker_process.py DATABASE SERVER_PLACE [for-ever]`, with FAULT_POINT set."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command


def main(database_name: str, place: str, *, for_ever: bool) -> None:
    """Work until nothing is due, or until the fault point; `for_ever` as `manage.py run_worker` does."""
    settings.DATABASES["default"]["NAME"] = database_name
    settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [place]
    settings.COMMERCE_SYNC_FAULT_POINTS = True
    django.setup()
    from commerce_sync import engine, work
    from connectors import push_send
    from connectors.limits import Limits
    from tests.platforms import hostile_books

    hostile_books.register()
    engine.LIMITS = Limits(connect_seconds=1, read_seconds=2, total_seconds=2)
    push_send.MARGIN_SECONDS = 1  # type: ignore[misc]
    push_send.AGAIN_SECONDS = 0  # type: ignore[misc]
    if for_ever:
        call_command("run_worker")
    else:
        work.drain(8)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "commerce_sync.settings"
    main(sys.argv[1], sys.argv[2], for_ever="for-ever" in sys.argv)
