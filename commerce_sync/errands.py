"""What apps above have to do regularly, named as text in the settings, since nothing here imports them.

An errand is a function of one argument, the seconds it may take, that says whether there is more to do at once; it does
nothing when there is nothing to do, and may be run by several workers at a time. Whatever it raises is logged and stays
its own: the work on syncs goes on. Those that call the outside rest while these data are not at home (`ledger.home`): a
copy must neither tell anybody anything nor use up the refresh tokens of the original.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import connection
from django.utils.module_loading import import_string

from ledger.home import elsewhere

logger = logging.getLogger(__name__)

SECONDS: Final = 8.0


def run_errands(seconds: float = SECONDS, *, stopping: Callable[[], bool] = lambda: False) -> bool:
    """Run each errand of COMMERCE_SYNC_ERRANDS once, for at most ``seconds`` each (and what it says it needs to end),
    and no further one once ``stopping`` says so; whether one of them has more to do. Raises nothing."""
    more = False
    is_home: bool | None = None
    for path in settings.COMMERCE_SYNC_ERRANDS:
        if stopping():
            break
        try:
            if is_home is None:
                is_home = elsewhere() is None
            if is_home or path not in settings.COMMERCE_SYNC_ERRANDS_OUTSIDE:
                more |= bool(import_string(path)(seconds))
        except Exception:
            logger.exception("the errand %s failed", path)
            if connection.connection is not None and not connection.in_atomic_block and not connection.is_usable():
                connection.close()  # the next statement opens a new one
    return more
