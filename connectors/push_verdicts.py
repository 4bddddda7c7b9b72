"""Why a document was not delivered: as it is stored, and as people read it. Pure."""

from __future__ import annotations

from typing import NamedTuple

from connectors.errors import Failure, RefusalReason, Refused, UnknownOutcome


class Verdict(NamedTuple):
    """Why something was not delivered, as it is stored and shown."""

    code: str
    sentence: str
    remedy: str
    turn: str


def verdict_of(failure: Failure) -> Verdict:
    """A failure as stored facts; nothing secret is in it (the door redacts)."""
    code = failure.reason.value if isinstance(failure, Refused) else type(failure).__name__
    sentence = str(failure).replace("\x00", "")  # the one character that PostgreSQL does not keep
    return Verdict(code[:40], sentence[:500], failure.remedy[:500], failure.whose_turn.value)


AMBIGUOUS = Verdict(
    RefusalReason.DUPLICATE.value,
    "The platform's id of this document is bound to another document of ours.",
    "Compare the two documents at the platform; one of them is not what it seems.",
    "support",
)
NEEDS_A_PERSON = Verdict(
    "manual_only",
    "This platform has neither keys nor unique references nor a search: one lost answer would make a duplicate.",
    "Enter the document by hand, or decide to send it and check the platform afterwards.",
    "support",
)
NO_CLEAR_ANSWER = Verdict(
    "unknown_outcome",
    "It was sent, and whether it arrived cannot be found out.",
    "Look for the reference at the platform: bind the document when it is there, else send it again.",
    "support",
)
TOO_EARLY = Verdict(
    "unknown_outcome", "Its outcome is unknown; the platform may still be working on it.", UnknownOutcome.hint, "nobody"
)
UNUSABLE_ID = Verdict(
    "unusable_id",
    "The platform answered with an id that cannot be one.",
    "Look for the reference at the platform, and correct the platform's file.",
    "support",
)
PAYMENT_STAYS = Verdict(
    "payment_stays",
    "A payment that settles it could not be taken back, so it stays as well.",
    "Nothing to do: both are reversed by new documents.",
    "nobody",
)
