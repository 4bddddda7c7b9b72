"""One of the processes of `measure_rate`: calls as fast as the door lets it, for some seconds.

Arguments: the name of the benchmark's database, the platform's place, and the seconds. It waits for a line to begin.
"""

from __future__ import annotations

import os
import sys
import time

import django


def main(name: str, place: str, seconds: float) -> None:
    """Call until the time is over."""
    from django.conf import settings

    from connectors.declare import Budget, NoAuth, Rate
    from connectors.errors import Waiting
    from connectors.hosts import Hosts
    from connectors.http import Door
    from connectors.platform import AccountingPlatform
    from tests.benchmarks.database import use
    from tests.benchmarks.measure_rate import CALLS, SECONDS

    use(name)
    settings.COMMERCE_SYNC_ALLOW_PRIVATE_HOSTS = [place]

    class Counting(AccountingPlatform):
        key = "counting"
        hosts = Hosts(live=f"http://{place}")
        auth = NoAuth()
        budget = Budget((Rate(calls=CALLS, seconds=SECONDS),))

    with Door(Counting(), 1, trace=lambda trace: None) as door:
        _say("ready")
        sys.stdin.readline()
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            try:
                door.get("/")
            except Waiting:
                time.sleep(0.05)
    _say("done")


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commerce_sync.settings")
    django.setup()
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
