"""Named places at which a test ends or stops this very process. Inert unless a test's settings say otherwise."""

from __future__ import annotations

import os
import signal

from django.conf import settings

VARIABLE = "FAULT_POINT"  # "name" or "name:STOP"; read only in tests


def reached(name: str) -> None:
    """The run has come to the step `name`."""
    if not getattr(settings, "COMMERCE_SYNC_FAULT_POINTS", False):
        return
    wanted, _, how = os.environ.get(VARIABLE, "").partition(":")
    if wanted == name:
        os.environ.pop(VARIABLE)  # once: who was stopped and goes on is not stopped again
        os.kill(os.getpid(), signal.SIGSTOP if how == "STOP" else signal.SIGKILL)
