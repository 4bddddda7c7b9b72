"""What a partner sends to authorize a connection on a merchant's behalf, read by the platform's own declarations. Pure.

Which fields there are is said by how the platform is authorized, and by the settings that its addresses and calls
need. Everything wrong is told at once, field by field; no message repeats a value, since any of them may be a secret.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _
from msgspec import Struct

from connectors.addresses import BadAddress, base_address
from connectors.auth import LONGEST_LIFE_SECONDS, Secrets
from connectors.declare import ApiKey, Asked, Auth, BasicLogin, OAuth2
from connectors.hosts import fits_an_address
from connectors.platform import Platform

LONGEST_SECRET: Final = 8_192  # characters: tokens that are signed documents have thousands
LONGEST_SETTING: Final = 500
ENVIRONMENTS: Final = ("live", "sandbox")

Item = tuple[str, str]  # field, sentence


class BadAuthorization(Exception):
    """What was sent cannot authorize the connection. `items` are (field, sentence); nothing was changed."""

    def __init__(self, items: list[Item]) -> None:
        self.items = items
        super().__init__("; ".join(f"{field}: {sentence}" for field, sentence in items))


class Authorization(Struct, frozen=True):
    """What was sent, checked. Either `secrets` or a `code` to be exchanged for them; neither where none are needed.

    `settings` has the whole address for which the secrets were given, also what of it was known before.
    """

    settings: dict[str, str]
    secrets: Secrets | None = None
    code: str = ""
    verifier: str = ""

    def __repr__(self) -> str:
        # The default repr would print the code into the first traceback that shows this value.
        return f"Authorization(settings={sorted(self.settings)})"


def read_authorization(
    platform: Platform, fields: Mapping[str, str], *, known: Mapping[str, str], private: Collection[str], at: datetime
) -> Authorization:
    """`fields` as what `platform` asks for. Raises `BadAuthorization`.

    `known` are the connection's settings so far: what they have need not be sent again. `private` has the
    `host:port` pairs that may be private; `at` (aware) is the instant from which `expires_in` counts.
    """
    names = setting_names(platform)
    items: list[Item] = []
    settings = {name: fields[name] for name in names if name in fields}
    for name, value in settings.items():
        try:
            settings[name] = _setting(platform, name, value, private)
        except ValueError as error:
            items.append((name, str(error)))
    needed = () if platform.local else platform.hosts.settings_needed
    items += [
        (name, _("%(name)s needs it: %(what)s.") % {"name": platform.name, "what": _(names[name])})
        for name in needed
        if name not in settings and not known.get(name)
    ]
    secrets = _Secrets(platform, {name: value for name, value in fields.items() if name not in names})
    found = secrets.read(at)
    items += secrets.items
    if items:
        raise BadAuthorization(items)
    address = {name: known[name] for name in (*needed, "environment") if name in known}
    return Authorization({**address, **settings}, found, secrets.code, secrets.verifier)


def setting_names(platform: Platform) -> dict[str, str]:
    """The settings that may be sent with an authorization: name → what it is, for people."""
    if platform.local:
        return dict(platform.setting_fields)
    names = dict.fromkeys(platform.hosts.settings_needed, "a part of the address at which the platform is called")
    if platform.hosts.sandbox:
        names["environment"] = " or ".join(ENVIRONMENTS)
    return {**names, **platform.setting_fields}


def secret_fields(auth: Auth) -> dict[str, Asked]:
    """The secrets that people type in where there is no consent, or as well as it: name → what it is, for people."""
    match auth:
        case OAuth2(key=ApiKey() as key):
            return {"apiKey": key.asks}
        case ApiKey():
            return {"apiKey": auth.asks}
        case BasicLogin():
            return {"username": auth.username, "password": auth.password}
        case _:
            return {}


def _setting(platform: Platform, name: str, value: str, private: Collection[str]) -> str:
    """The setting as it is kept; raises ValueError with a sentence."""
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_SETTING or not value.isprintable():
        raise ValueError(_("A text of 1 to %(most)s characters is needed.") % {"most": LONGEST_SETTING})
    if not platform.local:
        if name == platform.hosts.setting:
            return base_address(value, private=private)
        if name in platform.hosts.settings_needed and not fits_an_address(value):
            raise BadAddress(_("It becomes a part of an address: letters, digits, dots, dashes and underscores."))
    if name == "environment" and value not in ENVIRONMENTS:
        raise ValueError(f"It is one of: {', '.join(ENVIRONMENTS)}.")
    problem = platform.setting_problem(name, value)
    if problem:
        raise ValueError(problem)
    return value


class _Secrets:
    """Reads the secret fields, collecting what is wrong with them in `items`."""

    def __init__(self, platform: Platform, fields: Mapping[str, str]) -> None:
        self.platform, self.fields = platform, fields
        self.items: list[Item] = []
        self.code = self.verifier = ""

    def read(self, at: datetime) -> Secrets | None:
        """The secrets; None where there are none, or not yet, or something is wrong."""
        auth = self.platform.auth
        if isinstance(auth, OAuth2) and auth.key is not None and "apiKey" in self.fields:
            auth = auth.key
        if isinstance(auth, ApiKey):
            self._refuse_others("apiKey")
            return Secrets(api_key=self._token("apiKey"))
        if isinstance(auth, BasicLogin):
            self._refuse_others("username", "password")
            return Secrets(username=self._word("username", without=":"), password=self._word("password"))
        if isinstance(auth, OAuth2):
            return self._oauth(auth, at)
        self._refuse_others()
        return None

    def _oauth(self, auth: OAuth2, at: datetime) -> Secrets | None:
        if auth.endless and "code" not in self.fields:
            self._refuse_others("access_token")
            return Secrets(access_token=self._token("access_token"))
        if "code" not in self.fields:
            self._refuse_others("access_token", "refresh_token", "expires_in")
            access, refresh = self._token("access_token"), self._token("refresh_token")
            ends_at = at + timedelta(seconds=self._seconds("expires_in"))
            return Secrets(access_token=access, refresh_token=refresh, expires_at=ends_at)
        self._refuse_others("code", "code_verifier")
        self.code = self._token("code")
        if auth.pkce or "code_verifier" in self.fields:
            self.verifier = self._token("code_verifier")
        return None

    def _refuse_others(self, *names: str) -> None:
        """Every field that is none of `names` is told: a misspelled one must not pass for one that was left out."""
        wanted = f"{self.platform.name} takes {', '.join(names)}" if names else f"{self.platform.name} takes none"
        self.items += [(name[:100], f"This field is not known; {wanted}.") for name in self.fields if name not in names]

    def _token(self, name: str) -> str:
        """A text that travels in a header: characters that would end it, or change it, are refused."""
        text = self._word(name)
        if text and not all("!" <= character <= "~" for character in text):
            self.items.append((name, _("It has a space or a character that keys never have; copy it again.")))
        return text

    def _word(self, name: str, *, without: str = "") -> str:
        text = self.fields.get(name)
        if not isinstance(text, str) or not text:
            self.items.append((name, _("%(name)s needs it, as a text.") % {"name": self.platform.name}))
        elif len(text) > LONGEST_SECRET:
            self.items.append((name, _("It has more than %(most)s characters.") % {"most": LONGEST_SECRET}))
        elif not text.isprintable() or (without and without in text):
            self.items.append((name, _("It has a character that cannot be sent; copy it again.")))
        else:
            return text
        return ""

    def _seconds(self, name: str) -> int:
        text = self._word(name)
        if not text:
            return 0
        if text.isascii() and text.isdigit() and len(text) < 12 and 1 <= int(text) <= LONGEST_LIFE_SECONDS:
            return int(text)
        self.items.append((name, f"It is a number of seconds from now, from 1 to {LONGEST_LIFE_SECONDS}."))
        return 0
