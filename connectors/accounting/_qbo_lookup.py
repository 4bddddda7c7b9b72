"""Finding what is at QuickBooks by our reference: by number where a form has one, else by the beginning of its note.

Notes cannot be asked for: they are looked for among the documents of the day, and, should a person have dated ours anew
before we knew of it, among all of that kind that changed lately.
"""

from __future__ import annotations

from connectors.accounting._qbo_calls import LOOK_BACK, Row, cdc, query, quoted
from connectors.errors import RefusalReason, Refused
from connectors.session import Pushed, Session
from ledger.documents import Document, Header
from ledger.services import now


def pushed(entity: str, row: Row) -> Pushed:
    """What was made or found: its id says what it is, because the platform's ids do not."""
    return Pushed(f"{entity}/{row['Id']}", answer={"SyncToken": row.get("SyncToken", "")})


def named(remote_id: str) -> tuple[str, str]:
    """Entity and id of ours. Raises `Refused` for an id that is none of ours."""
    entity, _, id = remote_id.partition("/")
    if not entity.isalpha() or not id.isalnum():
        raise Refused(f"{remote_id!r} is no document of QuickBooks", reason=RefusalReason.NOT_FOUND)
    return entity, id


def look_up(session: Session, entities: tuple[str, ...], document: Document) -> Pushed | None:
    """The document, in whichever of these forms it was sent."""
    for entity in entities:
        has_number = entity not in ("Deposit", "Transfer")
        row = (
            numbered(session, entity, document.header.reference)
            if has_number
            else noted_anywhen(session, entity, document.header)
        )
        if row is not None:
            return pushed(entity, row)
    return None


def numbered(session: Session, entity: str, reference: str) -> Row | None:
    """The document with this number. Raises `Refused` with DUPLICATE when there are two."""
    return _single(query(session, entity, f"DocNumber = {quoted(reference)}"), reference)


def noted(session: Session, entity: str, header: Header, mark: str = "") -> Row | None:
    """The document of that day whose note begins with the reference, with `mark` at its end."""
    return _single(of_day(session, entity, header.date.isoformat(), header.reference + mark), header.reference)


def noted_anywhen(session: Session, entity: str, header: Header) -> Row | None:
    """The document whose note begins with the reference, on whatever day a person has put it since it was sent.

    What is told of the last 30 days is a thousand changes at most: one beyond them is not found.
    """
    if (found := noted(session, entity, header)) is not None:
        return found
    groups = cdc(session, (entity,), (now() - LOOK_BACK).isoformat(timespec="seconds"))
    rows = [row for group in groups for row in group.get(entity, ()) if row.get("status") != "Deleted"]
    return _single([row for row in rows if _first_word(row) == header.reference], header.reference)


def of_day(session: Session, entity: str, day: str, word: str) -> list[Row]:
    """Everything of that day whose note begins with this word."""
    rows = query(session, entity, f"TxnDate = {quoted(day)}")
    return [row for row in rows if _first_word(row) == word]


def _first_word(row: Row) -> str:
    return str(row.get("PrivateNote") or "").partition(" ")[0]


def _single(found: list[Row], reference: str) -> Row | None:
    if len(found) > 1:
        raise Refused(f"{reference} is there {len(found)} times", reason=RefusalReason.DUPLICATE)
    return found[0] if found else None
