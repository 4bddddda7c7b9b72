"""Where a platform lives: its base URL for a connection, and the origins that the door may call.

Pure: addresses are compared as text here; what they resolve to is checked where the socket is made
(`transport`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from connectors.errors import MisconfiguredPlatform

# The setting by which the operator puts another server in the platform's place: a test server, a proxy.
ELSEWHERE: Final = "base_url"
_PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
_WHOLE_URL: Final = re.compile(r"(?i)[a-z][a-z0-9+.-]*://|//")
_LABEL: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,126}[A-Za-z0-9])?")


def origin(url: str) -> str:
    """`host:port` of a URL, in lower case, with the port of its scheme when none is written."""
    parts = urlsplit(url)
    default = 80 if parts.scheme == "http" else 443
    return f"{(parts.hostname or '').lower()}:{parts.port or default}"


@dataclass(frozen=True, slots=True)
class Hosts:
    """Where a platform lives: base URLs, and every other origin the door may call for it.

    A base may have placeholders filled from the connection's settings (`https://{shop}.myshopify.com`); a
    value may only be letters, digits, dots, dashes and underscores, so it cannot change the host around it.
    `setting` names the setting that holds the whole base URL where each merchant runs the product on a server
    of their own.
    """

    live: str = ""
    sandbox: str | None = None
    also: tuple[str, ...] = ()
    setting: str | None = None

    def __post_init__(self) -> None:
        if bool(self.live) == bool(self.setting):
            raise ValueError("Hosts needs either `live` or `setting`")
        for url in filter(None, (self.live, self.sandbox, *self.also)):
            if urlsplit(url).scheme not in ("https", "http"):
                raise ValueError(f"a host is written as a URL with its scheme: {url!r}")

    @property
    def settings_needed(self) -> tuple[str, ...]:
        """The names of the settings that are part of an address here."""
        if self.setting:
            return (self.setting,)
        urls = (self.live, self.sandbox or "", *self.also)
        return tuple(dict.fromkeys(name for url in urls for name in _PLACEHOLDER.findall(url)))

    def base(self, settings: Mapping[str, Any]) -> str:
        """The base URL for a connection with these settings.

        Raises `MisconfiguredPlatform` for a missing one.
        """
        if self.setting:
            return str(_setting(settings, self.setting)).rstrip("/")
        if settings.get(ELSEWHERE):
            return str(settings[ELSEWHERE]).rstrip("/")
        sandbox = settings.get("environment") == "sandbox" and self.sandbox
        return self._filled(sandbox or self.live, settings).rstrip("/")

    def origins(self, settings: Mapping[str, Any]) -> frozenset[str]:
        """Every `host:port` that may be called for a connection with these settings."""
        urls = [self.base(settings), *(self._filled(url, settings) for url in self.also)]
        return frozenset(origin(url) for url in urls)

    def placed(self, path: str, settings: Mapping[str, Any]) -> str:
        """`path`, as it is asked for when the operator has put another server in the platform's place.

        A whole URL on one of the platform's own hosts (its token endpoint, for one) is then asked for at that server,
        by its path: no token and no secret of ours may go to the real platform from there.
        """
        if self.setting or not settings.get(ELSEWHERE) or not _WHOLE_URL.match(path):
            return path
        own = {origin(self._filled(url, settings)) for url in (self.live, self.sandbox or "", *self.also) if url}
        parts = urlsplit(path)
        if origin(path) not in own:
            return path
        return parts.path + (f"?{parts.query}" if parts.query else "")

    def _filled(self, url: str, settings: Mapping[str, Any]) -> str:
        def value(match: re.Match[str]) -> str:
            text = str(_setting(settings, match[1]))
            if not fits_an_address(text):
                raise MisconfiguredPlatform(f"the setting {match[1]} cannot be part of an address: {text!r}")
            return text

        return _PLACEHOLDER.sub(value, url)


def fits_an_address(text: str) -> bool:
    """Whether `text` may fill a placeholder of a base URL: it cannot change the host around it."""
    return _LABEL.fullmatch(text) is not None


def _setting(settings: Mapping[str, Any], name: str) -> Any:
    if not settings.get(name):
        raise MisconfiguredPlatform(f"the connection lacks the setting {name}")
    return settings[name]


def target(base: str, path: str, *, origins: frozenset[str], private: frozenset[str]) -> str:
    """The URL of `path` (below `base`, or whole); raises `MisconfiguredPlatform` unless it may be called.

    Only declared origins, only https; plain http only for a `host:port` that the operator allows to be
    private.
    """
    url = path if _WHOLE_URL.match(path) else f"{base}/{path.lstrip('/')}"
    try:
        parts = urlsplit(url)
        place = origin(url)
    except ValueError as error:
        raise MisconfiguredPlatform(f"not an address: {url!r} ({error})") from None
    if parts.username is not None or parts.password is not None or "\\" in url:
        raise MisconfiguredPlatform(f"an address with a log-in or a backslash is not called: {url!r}")
    if place not in origins:
        raise MisconfiguredPlatform(f"{place} is not a declared host of the platform; nothing was sent")
    if parts.scheme != "https" and not (parts.scheme == "http" and place in private):
        raise MisconfiguredPlatform(f"{place} is not called without TLS; nothing was sent")
    return url
