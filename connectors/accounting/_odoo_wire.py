"""How Odoo is called: one function over two interfaces. Pure, but for what is remembered of a piece of work.

JSON-2 (19 and later): a path for each method, the key in a header. JSON-RPC (16 and later, announced to end with 22):
one path, the database, the user's id and the key in the body, and errors inside status 200. Whatever the interface,
each call is a transaction of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from weakref import WeakKeyDictionary

import msgspec

from connectors.accounting._odoo_errors import Said, of_call
from connectors.errors import MisconfiguredPlatform, NotAuthorized
from connectors.session import Session
from connectors.wire import Request, Response, Sender

T = TypeVar("T")
Row = TypeVar("Row", bound=msgspec.Struct)
JSON2: Final = "json2"
JSONRPC: Final = "jsonrpc"
KEY_PLACE: Final = ("params", "args", 2)  # where JSON-RPC wants the key
PAGE: Final = 1_000
_CONTEXT: Final = {"lang": "en_US", "tracking_disable": True}

Ref = tuple[int, str] | bool
"""A reference to one record: its id and name, or false."""


class Answered(msgspec.Struct):
    """A JSON-RPC answer."""

    result: msgspec.Raw = msgspec.Raw(b"null")
    error: Said | None = None


def id_of(reference: Ref) -> int:
    """The id of a reference; 0 for none."""
    return reference[0] if isinstance(reference, tuple) else 0


def text(value: str | bool) -> str:
    """A text; Odoo says false for an empty one."""
    return value if isinstance(value, str) else ""


class Company(msgspec.Struct):
    """A company of the database."""

    id: int
    name: str
    currency_id: Ref


@dataclass(frozen=True, slots=True)
class Place:
    """What every call of one piece of work needs: who we are (JSON-RPC) and in which company we work.

    `journals` keeps the journals by type, as they are asked for.
    """

    user: int
    company: Company
    journals: dict[str, int] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """The company's currency; an empty text where it has none."""
        named = self.company.currency_id
        return named[1] if isinstance(named, tuple) else ""


_places: WeakKeyDictionary[Sender, Place] = WeakKeyDictionary()


def place_of(session: Session) -> Place:
    """Where we are, asked once for each door. Raises a `Failure`."""
    door = session.door
    if door is None:
        raise MisconfiguredPlatform("Odoo has no door to send through")
    if door not in _places:
        user = _user(session)
        _places[door] = Place(user, _company(session, user))
    return _places[door]


def call(
    session: Session,
    model: str,
    method: str,
    shape: type[T],
    *,
    ids: Sequence[int] | None = None,
    safe: bool = False,
    context: Mapping[str, Any] | None = None,
    **params: Any,
) -> T:
    """Call a method of a model, or of the records `ids`, with named parameters, as the connection's company.

    `safe` says that it only reads. Raises a `Failure`.
    """
    place = place_of(session)
    told = {**_CONTEXT, "allowed_company_ids": [place.company.id], **(context or {})}
    return _sent(session, place.user, (model, method), shape, ids=ids, safe=safe, context=told, params=params)


def search(session: Session, model: str, shape: type[Row], domain: list[Any], **context: Any) -> list[Row]:
    """Every record of a model that `domain` describes, in the order of ids, with the fields of `shape`."""
    found: list[Row] = []
    for page in _pages(session, model, shape, domain, context):
        found.extend(page)
    return found


def known_fields(session: Session, model: str) -> frozenset[str]:
    """The names of the fields that this version of Odoo has in a model, and that the user may see."""
    found = call(session, model, "fields_get", dict[str, Any], safe=True, attributes=["type"])
    return frozenset(found)


def _pages(
    session: Session, model: str, shape: type[Row], domain: list[Any], context: dict[str, Any]
) -> Iterator[list[Row]]:
    fields = [each.encode_name for each in msgspec.structs.fields(shape)]
    last = 0
    while True:
        beyond = [*domain, ["id", ">", last]]
        rows = call(
            session, model, "search_read", list[msgspec.Raw], safe=True, context=context,
            domain=beyond, fields=fields, limit=PAGE, order="id",
        )  # fmt: skip
        yield [decoded(bytes(row), shape) for row in rows]
        if len(rows) < PAGE:
            return
        last = decoded(bytes(rows[-1]), _Last).id


class _Last(msgspec.Struct):
    id: int


def decoded(body: bytes, shape: type[T], *, write: bool = False) -> T:
    """A part of an answer as `shape`; raises as `Response.decode` does."""
    return Response(200, {}, body, "", write).decode(shape)


def _user(session: Session) -> int:
    """The id of our user: JSON-RPC wants it in every call, JSON-2 in none."""
    if interface(session) == JSON2:
        return 0
    args = [_setting(session, "database"), _setting(session, "login"), None]
    found = _rpc(session, "common", "login", args, msgspec.Raw, safe=True)
    if not bytes(found).isdigit():  # false
        raise NotAuthorized("Odoo does not know this user and key in this database")
    return int(bytes(found))


def _company(session: Session, user: int) -> Company:
    """The company of the setting; without one, the only one that the user may see."""
    wanted = str(session.settings.get("company") or "")
    if wanted and not wanted.isdigit():
        raise MisconfiguredPlatform("the setting company is the number of a company in Odoo")
    params = {
        "domain": [["id", "=", int(wanted)]] if wanted else [],
        "fields": ["id", "name", "currency_id"],
        "limit": 20,
        "order": "id",
    }
    context = {**_CONTEXT, **({"allowed_company_ids": [int(wanted)]} if wanted else {})}
    found = _sent(
        session, user, ("res.company", "search_read"), list[Company], ids=None, safe=True,
        context=context, params=params,
    )  # fmt: skip
    if len(found) != 1:
        named = ", ".join(f"{each.id} is {each.name}" for each in found)
        several = f"the user sees several companies, say which by the setting company: {named}"
        raise MisconfiguredPlatform(several if found else "the user sees no such company in Odoo")
    return found[0]


def _sent(
    session: Session,
    user: int,
    what: tuple[str, str],
    shape: type[T],
    *,
    ids: Sequence[int] | None,
    safe: bool,
    context: Mapping[str, Any],
    params: dict[str, Any],
) -> T:
    model, method = what
    if interface(session) == JSON2:
        body = {**params, **({} if ids is None else {"ids": list(ids)}), "context": context}
        request = Request("POST", f"/json/2/{model}/{method}", safe=safe).with_json(body)
        if database := session.settings.get("database"):
            request = request.with_headers(("X-Odoo-Database", str(database)))
        return session.send(request).decode(shape)
    # `create` alone wants its values by position.
    first = [params.pop("vals_list")] if method == "create" else []
    by_position = first if ids is None else [list(ids), *first]
    args = [_setting(session, "database"), user, None, model, method, by_position, {**params, "context": context}]
    return _rpc(session, "object", "execute_kw", args, shape, safe=safe)


def _rpc(session: Session, service: str, method: str, args: list[Any], shape: type[T], *, safe: bool) -> T:
    body = {
        "jsonrpc": "2.0",
        "method": "call",
        "id": 1,
        "params": {"service": service, "method": method, "args": args},
    }
    answered = session.send(Request("POST", "/jsonrpc", safe=safe).with_json(body)).decode(Answered)
    if answered.error is not None:
        raise of_call(answered.error, write=not safe)
    return decoded(bytes(answered.result), shape, write=not safe)


def interface(session: Session) -> str:
    """`JSON2` or `JSONRPC`, as the setting says."""
    chosen = str(session.settings.get("interface") or JSON2)
    if chosen not in (JSON2, JSONRPC):
        raise MisconfiguredPlatform(f"the setting interface is {JSON2} or {JSONRPC}, not {chosen!r}")
    return chosen


def _setting(session: Session, name: str) -> str:
    value = session.settings.get(name)
    if not value:
        raise MisconfiguredPlatform(f"the connection lacks the setting {name}")
    return str(value)
