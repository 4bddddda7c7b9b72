"""One of the two worker processes of `measure_due`; its argument is the name of the benchmark's database."""

from __future__ import annotations

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commerce_sync.settings")
    django.setup()
    from tests.benchmarks.measure_due import work_once

    work_once(sys.argv[1])
