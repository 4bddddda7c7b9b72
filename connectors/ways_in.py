"""How a platform lets us in: the vocabulary in which its file says so. Pure, plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Asked:
    """A secret that people type in: what it is called there, and where it is found."""

    label: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key that the merchant or the partner gives us.

    In a header (`scheme` before it) or in a query parameter. `body` leads to a place in the JSON body (names, and
    positions in lists): a request that has `null` there takes the key there, and not in the header. `account` is a
    header, and the setting with what goes into it, for keys that open several accounts.
    """

    header: str | None = "Authorization"
    scheme: str = "Bearer"
    query: str | None = None
    body: tuple[str | int, ...] = ()
    account: tuple[str, str] | None = None
    asks: Asked = Asked("Key")

    def __post_init__(self) -> None:
        if bool(self.header) == bool(self.query):
            raise ValueError("a key goes either into a header or into a query parameter")


@dataclass(frozen=True, slots=True)
class OAuth2:
    """Authorization code flow. URLs may be relative to the base URL; `header` and `scheme` carry the token.

    `client` says how the token endpoint learns who we are. `margin_seconds` before its end a token is renewed
    (less than a fifth of the life of a short-lived token is enough); `endless` ones end only when an answer says so.
    `separator` joins the scopes. `account` is the dotted path in a token answer to the account that
    `Deliveries.account_setting` keeps. `revoke` gives access back; by `revoke_account` that account is named there, and
    no token. `key` is what may be given instead of a consent. `rest_days` of no use end a refresh token: it is renewed
    before.
    """

    authorize: str
    token: str
    scopes: tuple[str, ...] = ()
    client: Literal["basic", "form", "json"] = "basic"
    pkce: bool = False
    extra: tuple[tuple[str, str], ...] = ()
    live_extra: tuple[tuple[str, str], ...] = ()  # goes to the page of consent, but not to that of the sandbox
    code_extra: tuple[tuple[str, str], ...] = ()  # goes with the exchange of the code
    separator: str = " "
    header: str = "Authorization"
    scheme: str = "Bearer"
    margin_seconds: int = 300
    endless: bool = False
    rest_days: int = 0  # 0: it does not end, or says itself when
    revoke: str | None = None
    revoke_as: Literal["form", "json"] = "form"  # how the token is told there, where `client` is not `json`
    revoke_account: str = ""
    account: str = ""
    key: ApiKey | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """A page of the merchant's own server that makes a key for us, if the merchant agrees, and posts it to us as JSON.

    `page` is its path. The others but `extra` are names: of the parameters that take what we are called, our state,
    where the browser comes back to and where the key is posted to; and, in what is posted, of the two parts of the key.
    The state comes with it under its own name.
    """

    page: str
    app: str
    state: str
    back: str
    posts: str
    username: str
    password: str
    extra: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class BasicLogin:
    """A user name and a password, sent as HTTP Basic; by a `handover` the platform gives them to us itself."""

    username: Asked = Asked("User name or key")
    password: Asked = Asked("Password or secret")
    handover: Handover | None = None


@dataclass(frozen=True, slots=True)
class NoAuth:
    """No authentication: records arrive by push, or the platform is our own."""


Auth = OAuth2 | ApiKey | BasicLogin | NoAuth
