"""The one redactor: the only way for outside text into a log, a row or an error. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LONGEST_DETAIL: Final = 2_000
REDACTED: Final = "[redacted]"

_SENSITIVE = (
    r"[\w.%-]{0,40}(?:token|secret|passw(?:or)?d|api[_-]?key|authorization|credential|signature|private[_-]?key"
    r"|assertion)[\w.%-]{0,40}"
)
# A sensitive name, then a value: escaped-quoted, quoted (perhaps cut off before its closing quote), or bare.
_NAMED_VALUE = re.compile(
    rf"""(?ix) (\b{_SENSITIVE}\\*["']?\s*[:=]\s*) (?:
        \\+"(?:(?!\\+").)* | "(?:\\.|[^"\\])* | '(?:\\.|[^'\\])* |
        (?:(?:bearer|basic|\w+-oauthtoken)\s+)?[^\s"'&,;}}\\]+
    )""",
)
_SCHEME_VALUE = re.compile(r"(?i)\b(bearer|basic|\w+-oauthtoken)\s+[A-Za-z0-9._~+/=-]{6,}")
_QUERY_VALUE = re.compile(r"(?i)([?&](?:key|code|sig|pwd|state|auth|hmac)=)[^&\s\"']+")
_USER_INFO = re.compile(r"(?i)(\b[a-z][a-z0-9+.-]*://)[^/\s@\"']+@")


def redact(text: str, known: Iterable[str] = ()) -> str:
    """`text` without secrets, at most 2,000 characters: never raises.

    `known` are the secret values in use: they are removed wherever they stand, in whatever shape the other
    side echoes them. The patterns catch the secrets we do not know: bearer and basic tokens, keys in query
    strings, token fields in JSON and in form bodies, user info in URLs.
    """
    for secret in sorted({value for value in known if len(value) >= 4}, key=len, reverse=True):
        text = text.replace(secret, REDACTED)
    # Cut after the known values: a value cut in two would no longer be recognized.
    text = text[:LONGEST_DETAIL]
    text = _NAMED_VALUE.sub(rf"\1{REDACTED}", text)
    text = _SCHEME_VALUE.sub(rf"\1 {REDACTED}", text)
    text = _QUERY_VALUE.sub(rf"\1{REDACTED}", text)
    return _USER_INFO.sub(rf"\1{REDACTED}@", text).replace("\x00", "")
