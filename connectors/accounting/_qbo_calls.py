"""The calls of QuickBooks' interface: read, query, create, delete, void. Amounts are exact decimals both ways."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

import msgspec

from connectors.accounting._qbo_faults import is_stale, refusal
from connectors.errors import BadAnswer, MisconfiguredPlatform, Refused, UnknownOutcome
from connectors.session import Session
from connectors.wire import Request, Response
from ledger.money import to_decimal

Row = dict[str, Any]

MINOR_VERSION: Final = "75"  # the lowest that is served; a setting of the same name asks for a later one
ROWS_AT_ONCE: Final = 1000
MOST_PAGES: Final = 200
MOST_GHOSTS: Final = 50
"""As often a thing may have been made, with the same words, and deleted since."""

LOOK_BACK: Final = timedelta(days=29, hours=23)
"""Changes are told for 30 days."""

_encode = msgspec.json.Encoder(decimal_format="number").encode
_decode = msgspec.json.Decoder(float_hook=Decimal).decode


def amount(minor: int, currency: str) -> Decimal:
    """The positive or negative amount as it stands on the wire: a number in major units."""
    return to_decimal(minor, currency)


def ref(id: str) -> dict[str, str]:
    """A reference to another thing there."""
    return {"value": id}


def read(session: Session, entity: str, id: str) -> Row:
    """One thing by its id. Raises `Refused` with NOT_FOUND when it is not there, or was deleted."""
    return _only(session.send(_request(session, "GET", f"/{entity.lower()}/{id}")), entity)


def query(session: Session, entity: str, where: str = "") -> list[Row]:
    """Everything of a kind, page by page. `where` is a condition whose values went through `quoted`."""
    found: list[Row] = []
    condition = f" where {where}" if where else ""
    for page in range(MOST_PAGES):
        start = f" startposition {page * ROWS_AT_ONCE + 1} maxresults {ROWS_AT_ONCE}"
        words = f"select * from {entity}{condition}{start}"  # noqa: S608 (values are quoted; it is no SQL)
        request = _request(session, "GET", "/query", ("query", words))
        rows = _answer(session.send(request)).get("QueryResponse", {}).get(entity, [])
        found += rows
        if len(rows) < ROWS_AT_ONCE:
            return found
    raise BadAnswer(f"more than {MOST_PAGES * ROWS_AT_ONCE} rows of {entity}")


def cdc(session: Session, entities: Iterable[str], since: str) -> list[Row]:
    """What of these kinds changed since an ISO instant: groups of entity → rows, of deleted ones little but the id."""
    request = _request(session, "GET", "/cdc", ("entities", ",".join(entities)), ("changedSince", since))
    answer = _answer(session.send(request)).get("CDCResponse", [])
    return [group for each in answer for group in each.get("QueryResponse", [])]


def report(session: Session, name: str, *params: tuple[str, str]) -> Row:
    """A report, with its rows in sections. Raises a `Failure`."""
    return _answer(session.send(_request(session, "GET", f"/reports/{name}", *params)))


def quoted(value: str) -> str:
    """A value in the query language, whatever it holds."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def create(session: Session, entity: str, body: Row, seed: str) -> Row:
    """Make one. The same `seed` and body sent again answer with the first (`requestid`). Raises a `Failure`."""
    return _only(_post(session, entity, body, seed), entity)


def remove(session: Session, entity: str, row: Row, operation: str = "delete") -> None:
    """Delete or void the version of a document that was read. Raises `Refused` when there is a newer one."""
    body = {"Id": row["Id"], "SyncToken": row["SyncToken"]}
    _answer(_post(session, entity, body, operation, ("operation", operation)))


def taken_back(session: Session, entity: str, id: str, operation: str) -> None:
    """`remove` as the document is now; read anew, once, when somebody changed it in between."""
    row = read(session, entity, id)
    if operation == "void" and not row.get("TotalAmt"):
        return
    try:
        remove(session, entity, row, operation)
    except Refused as failure:
        if not is_stale(failure):
            raise
        remove(session, entity, read(session, entity, id), operation)


def _post(session: Session, entity: str, body: Row, seed: str, *params: tuple[str, str]) -> Response:
    payload = _encode(body)
    key = hashlib.sha256(f"{entity}\0{seed}\0".encode() + payload).hexdigest()[:40]
    request = _request(session, "POST", f"/{entity.lower()}", *params, ("requestid", key))
    request = request.with_headers(("Content-Type", "application/json"))
    return session.send(_with_body(request, payload))


def _with_body(request: Request, body: bytes) -> Request:
    """The request with its body; it carries a `requestid`, so that sent twice it makes one thing."""
    return Request(request.method, request.path, request.params, request.headers, body, keyed=True)


def _request(session: Session, method: str, path: str, *params: tuple[str, str]) -> Request:
    realm = str(session.settings.get("realmId") or "")
    if not realm.isalnum():
        raise MisconfiguredPlatform("the connection lacks the setting realmId: the number of the company")
    version = str(session.settings.get("minor_version") or MINOR_VERSION)
    return Request(method, f"/v3/company/{realm}{path}", params=(*params, ("minorversion", version)))


def _only(response: Response, entity: str) -> Row:
    row = _answer(response).get(entity)
    if isinstance(row, dict) and isinstance(row.get("Id"), str):
        return row
    raise _unusable(response, f"the answer has no {entity}")


def _answer(response: Response) -> Row:
    """The answer as plain values, numbers exact. A fault inside a successful answer is a fault."""
    failure = refusal(response)
    if failure is not None:
        raise failure
    try:
        found = _decode(response.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unusable(response, str(error)) from None
    if not isinstance(found, dict):
        raise _unusable(response, "the answer is no object")
    return found


def _unusable(response: Response, words: str) -> BadAnswer | UnknownOutcome:
    failure = UnknownOutcome if response.write else BadAnswer
    return failure(f"{words}: {response.sample}", status=response.status)
