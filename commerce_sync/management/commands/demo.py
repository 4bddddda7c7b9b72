"""`manage.py demo`: all of it on one machine, from pushed sales to reconciled books."""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from commerce_sync import demo_report, demo_set_up, work
from commerce_sync.demo_sales import MERCHANTS
from commerce_sync.demo_set_up import NEWCOMER, Access, Shop, Span
from commerce_sync.models import Sync
from commerce_sync.progress import Progress
from commerce_sync.selectors import unfinished_sync
from commerce_sync.services import request_sync
from commerce_sync.status import NOTHING_TO_WRITE, WRITTEN
from commerce_sync.tasks import ensure_schedules
from ledger.models import Partner

HOST: Final = "127.0.0.1"
PATIENCE_SECONDS: Final = 300
SUCCESSES: Final = (WRITTEN, NOTHING_TO_WRITE)


class Command(BaseCommand):
    help = (
        "Show the product on this machine: migrate the database, create a partner, an administrator and three "
        "merchants (London, Montréal, Tokyo), push thirty days of lifelike sales, sync them into the built-in books, "
        "show the trial balance and the reconciliation per day, and serve the site. Running it again pushes the same "
        "sales and leaves the books as they are; the API key and the password are made anew each time. "
        "Exit codes: 0 all is reconciled (or Ctrl-C); 1 something is not, or the demo could not be set up."
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The options."""
        parser.add_argument("--no-serve", action="store_true", help="end before serving the site")
        parser.add_argument("--port", type=int, default=8000, help="serve on this port of 127.0.0.1 (default 8000)")
        parser.add_argument("--days", type=int, default=30, help="days of sales, on the first run (default 30)")

    def handle(self, *args: Any, **options: Any) -> None:
        """The demo, start to end; Ctrl-C leaves what is done in place."""
        if settings.PRODUCTION:
            raise CommandError(
                "This is a production set-up (COMMERCE_SYNC_PRODUCTION=1); the demo needs one of its own."
            )
        if not 1 <= options["days"] <= 366:
            raise CommandError("--days must be from 1 to 366.")
        if not options["no_serve"]:
            _insist_on_free_port(options["port"])
        try:
            access, is_reconciled = self._run(options["days"])
            if options["no_serve"]:
                self._say_where(access, None)
            else:
                Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # its absence would be warned of
                self._say_where(access, options["port"])
                end_by_sigterm()
                with worker_beside():
                    call_command("runserver", f"{HOST}:{options['port']}", use_reloader=False, skip_checks=True)
        except KeyboardInterrupt:
            self.stderr.write("\nEnded. What was done so far stays; run it again to go on.")
            return
        if not is_reconciled:
            raise CommandError("Not everything is in the books and reconciled: see above, and `manage.py doctor`.")

    def _run(self, days: int) -> tuple[Access, bool]:
        started = time.monotonic()
        logging.getLogger("django-q").setLevel(logging.WARNING)  # each bell it rings is a line nobody here asked for
        self._step("Preparing the database")
        call_command("migrate", verbosity=0, interactive=False)
        ensure_schedules()
        partner, span = demo_set_up.ensure_partner(days)
        before = demo_set_up.digest_of_books(partner)
        access = demo_set_up.renew_access(partner)
        shops = [demo_set_up.ensure_shop(partner, merchant) for merchant in MERCHANTS]
        for shop in shops:
            self._push(shop, span)
        newcomer, is_new = demo_set_up.ensure_newcomer(partner)
        if is_new:
            self._push(newcomer, span, tells_troubles=False)
        syncs = self._sync(shops, span)
        for shop, sync in zip(shops, syncs, strict=True):
            for block in demo_report.sections(shop, sync):
                if block:
                    self.stdout.write(f"\n{block.rstrip()}")
        self._compare(partner, before)
        self.stdout.write(f"Everything took {time.monotonic() - started:.1f} seconds.")
        return access, all(map(demo_report.is_reconciled, shops)) and all(sync.code in SUCCESSES for sync in syncs)

    def _push(self, shop: Shop, span: Span, *, tells_troubles: bool = True) -> None:
        self._step(f"Pushing {span.days} days of sales of {shop.company.name}, through {span.last_day}")
        with Progress(self.stderr, "pushing", unit="rows") as progress:
            counted, troubled = demo_set_up.push_sales(shop, span, progress.at)
        parts = [f"{count:,} {status}" for status, count in sorted(counted.items())]
        self.stdout.write(f"  {counted.total():,} rows: {', '.join(parts)}")
        for result in troubled if tells_troubles else ():
            for problem in result.problems:
                where = f" at {problem.path}" if problem.path else ""
                fate = "refused" if result.status == "refused" else "kept, but not for the books"
                self.stdout.write(f"  {fate}: {result.id}{where}: {problem.sentence}")

    def _sync(self, shops: list[Shop], span: Span) -> list[Sync]:
        """Ask for a sync of each merchant, and do the work that a queue's worker would do."""
        self._step("Syncing: pull, post, push, conclude")
        syncs = [
            unfinished_sync(shop.company.pk) or request_sync(company=shop.company, through=span.last_day)
            for shop in shops
        ]
        ends = time.monotonic() + PATIENCE_SECONDS
        with Progress(self.stderr, "syncing,", of=len(syncs), unit="merchants done") as progress:
            while open_ones := [sync for sync in syncs if sync.finished_at is None]:
                if time.monotonic() > ends:
                    names = ", ".join(sync.company.name for sync in open_ones)
                    raise CommandError(f"The syncs of {names} do not end; `manage.py doctor` says what is wrong.")
                progress.at(len(syncs) - len(open_ones))
                did = work.drain(5)
                for sync in open_ones:
                    sync.refresh_from_db()
                if not (did.ended or did.failed):
                    time.sleep(0.2)  # another worker has it, or it waits
        return syncs

    def _compare(self, partner: Partner, before: str) -> None:
        after = demo_set_up.digest_of_books(partner)
        said = f"changed by this run (they were {before})" if before else "made by this run"
        said = "unchanged by this run" if before == after else said
        self.stdout.write(f"\nThe three merchants' books are {after}: {said}.")

    def _say_where(self, access: Access, port: int | None) -> None:
        lines = ["", "─" * 100]
        if port is not None:
            site = f"http://{HOST}:{port}"
            lines += [
                f"The console          {site}/{settings.COMMERCE_SYNC_ADMIN_PATH}/",
                f"The partner API      {site}/api/docs",
                f"The merchant's pages .venv/bin/python manage.py setup_link {NEWCOMER.name!r} --site {site}",
                "                     prints a link that opens once, within 30 seconds: a set-up not begun yet.",
            ]
        lines += [
            f"Log-in               {access.user}   password  {access.password}",
            f"API key              {access.api_key}",
            "Key and password are made for this run; the next run makes new ones.",
        ]
        if port is None:
            lines.append("To look around       manage.py runserver, then http://127.0.0.1:8000/admin/")
        else:
            lines.append("Ctrl-C ends.")
        self.stdout.write("\n".join([*lines, "─" * 100]))
        self.stdout.flush()

    def _step(self, words: str) -> None:
        self.stdout.write(f"• {words}")
        self.stdout.flush()


def end_by_sigterm() -> None:
    """SIGTERM ends the demo as Ctrl-C does: by itself it would leave the worker behind."""

    def end(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)


@contextmanager
def worker_beside() -> Iterator[None]:
    """A worker beside the site: what a visitor asks for on the pages is done. It ends with the site."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "run_worker"]
    # A process group of its own: Ctrl-C is for the site, which then ends it in peace.
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, start_new_session=True)  # noqa: S603  # our own
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()


def _insist_on_free_port(port: int) -> None:
    """Found out now and not after a minute's work."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            raise CommandError(f"Port {port} is taken or may not be used: choose another with --port.") from None
