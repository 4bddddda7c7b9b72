"""Everything that is encrypted at rest, and how it is encrypted anew when there is a new key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from django.db.models import QuerySet

from connectors import credentials
from connectors.credentials import current_key_id, known_key_ids
from connectors.models import Credential
from health.alerts import secrets as slack
from health.console import second_factor
from health.webhooks import secrets as signing


class Sealed(NamedTuple):
    """One kind of secret. ``stale`` are its rows that a former key encrypted, ``seal_anew`` encrypts them with the
    present one and says how many."""

    name: str
    stale: Callable[[], QuerySet[Any]]
    seal_anew: Callable[[], int]


class Left(NamedTuple):
    """Rows that are not encrypted with the present key; of ``unknown`` the key that did it is not here."""

    rows: int
    unknown: int


def _stale_credentials() -> QuerySet[Credential]:
    return Credential.objects.exclude(key_id=current_key_id())


KINDS: Final = (
    Sealed("access to platforms", _stale_credentials, credentials.rotate_keys),
    Sealed("signing secrets of webhook endpoints", signing.stale, signing.seal_anew),
    Sealed("Slack addresses of alert rules", slack.stale, slack.seal_anew),
    Sealed("second factors of the console's people", second_factor.stale, second_factor.seal_anew),
)


def left(kind: Sealed) -> Left:
    """What of ``kind`` is still to be encrypted anew."""
    rows = kind.stale()
    return Left(rows.count(), rows.exclude(key_id__in=known_key_ids()).count())
