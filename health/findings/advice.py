"""The shape of what a runbook says about a kind of finding. Pure."""

from __future__ import annotations

from msgspec import Struct


class Advice(Struct, frozen=True):
    """``means``: what is the matter and how it comes about; ``see``: where to look; ``do``: what to do, step by step,
    beyond the remedy of the kind."""

    means: str
    see: str
    do: str
