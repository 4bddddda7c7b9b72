"""Sessions in the database, as Django's, under a hash of their key: who has a copy of the table has nobody's session.

The key in the cookie has 32 characters of 36, about 165 bits, so its hash need not be slow.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

_PROPER: Final = re.compile(r"[a-z0-9]{32}")
_COLUMN: Final = 40  # characters of the column: 160 bits of the hash


class SessionStore(db.SessionStore):
    """What Django's middleware of sessions uses (`SESSION_ENGINE`)."""

    def exists(self, session_key: str) -> bool:
        """Whether there is a session with this key."""
        return bool(self.model.objects.filter(session_key=stored_as(session_key)).exists())

    def delete(self, session_key: str | None = None) -> None:
        """End a session: this one, or that of the key."""
        key = session_key or self.session_key
        if key is not None:
            self.model.objects.filter(session_key=stored_as(key)).delete()

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row of the session with ``data``."""
        row = super().create_model_instance(data)
        row.session_key = stored_as(row.session_key)
        return row

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        try:
            row: AbstractBaseSession = self.model.objects.get(
                session_key=stored_as(self.session_key or ""), expire_date__gt=timezone.now()
            )
        except self.model.DoesNotExist:
            self._session_key = None
            return None
        return row

    def _validate_session_key(self, key: str | None) -> bool:
        """What is no key of ours is never asked for: a cookie may hold anything, also what no column can."""
        return bool(key) and _PROPER.fullmatch(key or "") is not None


def stored_as(key: str) -> str:
    """What is in the table for the key of a cookie."""
    return hashlib.sha256(key.encode()).hexdigest()[:_COLUMN]
