"""One change of a partner's settings at a time, where several rows must agree."""

from __future__ import annotations

from ledger.models import Partner


def hold(partner: Partner) -> None:
    """Nobody else changes these settings until the transaction ends. What only refers to the partner goes on."""
    Partner.objects.select_for_update(no_key=True).get(pk=partner.pk)
