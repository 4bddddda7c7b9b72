"""The doctor's look at the keys that encrypt what has no check of its own: is each key here that is needed?"""

from __future__ import annotations

from typing import Final

from health.checkup import Check, failure, ok, warning
from health.key_rotation import KINDS, left

_HAVE_THEIR_OWN: Final = ("connectors_credential", "health_webhookendpoint")


def former_keys() -> Check:
    """What former keys encrypted of Slack addresses and second factors: only counted, nothing is opened."""
    kinds = [kind for kind in KINDS if kind.stale().model._meta.db_table not in _HAVE_THEIR_OWN]
    remains = [(kind.name, left(kind)) for kind in kinds]
    unknown = ", ".join(f"{each.unknown} {name}" for name, each in remains if each.unknown)
    if unknown:
        remedy = "Put the former key back at the end of COMMERCE_SYNC_ENCRYPTION_KEYS, then run: manage.py rotate_keys"
        return failure("former keys", f"encrypted with a key that is not here: {unknown}", remedy)
    old = ", ".join(f"{each.rows} {name}" for name, each in remains if each.rows)
    if old:
        remedy = "Keep all keys, and run: manage.py rotate_keys"
        return warning("former keys", f"encrypted with a former key: {old}", remedy, "some secrets have a former key")
    return ok("former keys", "nothing needs one")
