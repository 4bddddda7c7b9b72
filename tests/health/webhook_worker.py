"""A real worker process for the kill tests: `webhook_worker.py DATABASE SERVER_PLACE`, with FAULT_POINT set."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.conf import settings


def main(database_name: str, place: str) -> None:
    """Run the errand once, as the minute's bell does."""
    settings.DATABASES["default"]["NAME"] = database_name
    settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [place]
    settings.COMMERCE_SYNC_FAULT_POINTS = True
    django.setup()
    from commerce_sync.errands import run_errands

    run_errands(5)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "commerce_sync.settings"
    main(sys.argv[1], sys.argv[2])
