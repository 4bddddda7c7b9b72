"""A real qcluster for `test_queue_processes`: `queue_process.py DATABASE SERVER_PLACE`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command


def main(database_name: str, place: str) -> None:
    """Be a queue with two workers until it ends."""
    settings.DATABASES["default"]["NAME"] = database_name
    settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [place]
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": 2, "queue_limit": 2, "poll": 0.1, "guard_cycle": 0.2}
    django.setup()
    from commerce_sync import engine
    from connectors import push_send
    from connectors.limits import Limits
    from tests.platforms import hostile_books

    hostile_books.register()
    engine.LIMITS = Limits(connect_seconds=2, read_seconds=5, total_seconds=5)
    push_send.AGAIN_SECONDS = 0  # type: ignore[misc]
    call_command("qcluster")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "commerce_sync.settings"
    main(sys.argv[1], sys.argv[2])
