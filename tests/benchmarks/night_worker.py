"""One of the processes of `measure_night`: takes its share of the pushes, then works on what is due.

Arguments: the name of the benchmark's database, which share, of how many. It waits for a line before each part.
"""

from __future__ import annotations

import os
import sys

import django


def answer(word: object) -> None:
    """Tell the parent, and wait for its next line."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()
    sys.stdin.readline()


def main(name: str, share: int, shares: int) -> None:
    """Both parts, as a web worker and a queue worker of an ordinary installation do them."""
    from commerce_sync import work
    from connectors.models import Connection
    from tests.benchmarks import real
    from tests.benchmarks.database import use
    from tests.benchmarks.measure_night import pages_of

    use(name)
    shops = Connection.objects.filter(kind="commerce").select_related("company").order_by("id")
    own = [(shop, pages_of(number)) for number, shop in enumerate(shops) if number % shares == share]
    answer("ready")
    for shop, pages in own:
        real.push(shop, pages)
    answer("received")
    ended = 0
    work.sweep()
    while drained := work.drain(60).ended:
        ended += drained
    answer(ended)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commerce_sync.settings")
    django.setup()
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
