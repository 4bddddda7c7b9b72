"""``python -m tests.faults``: exit code 0 when nothing was lost, doubled, unbalanced, stuck or untrue."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.faults.without import without_each


def main(arguments: list[str]) -> int:
    """One run in a folder and on a PostgreSQL of its own."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGINT, lambda *_: setattr(options, "syncs", 0))  # the storm ends now, and is judged
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    if options.sabotage == "all":
        return 0 if without_each(options.seed) else 1
    folder = Path(options.folder or tempfile.mkdtemp(prefix="fault-run-"))
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)
    os.environ |= {"COMMERCE_SYNC_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "commerce_sync.settings"}
    os.environ["COMMERCE_SYNC_LOG_LEVEL"] = "ERROR"
    import django

    django.setup()
    from commerce_sync import embedded
    from tests.faults.measure import measure
    from tests.faults.run import carry_out

    try:
        if options.measure:
            sys.stdout.write(f"{json.dumps(measure(options, folder))}\n")
            return 0
        figures, verdict = carry_out(options, folder)
    finally:
        embedded.stop(folder)
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    sys.stdout.write(f"{json.dumps(figures)}\n{verdict.line}\n")
    for kind in ("lost", "doubled", "unbalanced", "stuck", "untrue"):
        for sentence in getattr(verdict, kind)[:10]:
            sys.stdout.write(f"  {kind}: {sentence}\n")
    return 0 if verdict.is_good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--syncs", type=int, default=200, help="end after so many syncs (default 200)")
    parser.add_argument("--minutes", type=float, default=5, help="or after so many minutes (default 5)")
    parser.add_argument("--merchants", type=int, default=18, help="default 18")
    parser.add_argument("--rate", type=float, default=0.25, help="share of calls that meet a fault (default 0.25)")
    parser.add_argument("--slow", type=float, default=0, help="seconds that each write takes (default 0)")
    parser.add_argument("--kill", type=float, default=0.004, help="chance to die at a named step (default 0.004)")
    parser.add_argument("--pause", type=float, default=0.001, help="chance to be stopped at one (default 0.001)")
    parser.add_argument("--strike", type=float, default=4, help="seconds between kills from outside (default 4)")
    parser.add_argument("--restart", type=float, default=45, help="seconds between restarts of PostgreSQL (default 45)")
    parser.add_argument("--workers", type=int, default=3, help="workers of each of the two clusters (default 3)")
    parser.add_argument("--spread", action="store_true", help="sales of several days between two syncs")
    parser.add_argument("--books", default="", help="kinds of books: keyed, unique, search; comma separated")
    parser.add_argument(
        "--sabotage", default="", help="take out a guard: intent, find, key, claim, lease, or all in turn"
    )
    parser.add_argument("--quiet", type=float, default=240, help="seconds that the quiet may last (default 240)")
    parser.add_argument("--measure", action="store_true", help="no storm: measure turns and recovery")
    parser.add_argument("--folder", default="", help="where the database and the logs are (default: made, and removed)")
    parser.add_argument("--keep", action="store_true", help="keep the folder with the logs")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
