"""The public status codes of a sync, and which outcome gets which. Pure."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

IN_PROGRESS: Final = 1000
LONG_RUNNING: Final = 1010
WRITTEN: Final = 2000
NOTHING_TO_WRITE: Final = 2040
CONFIGURATION: Final = 4000
COMPANY_GONE: Final = 4040
DEAUTHORIZED: Final = 4220
BILLING_EXPIRED: Final = 4260
INTERNAL: Final = 5000
DUPLICATE: Final = 5080
DATA_PROCESSING: Final = 5120
DATA_WRITE: Final = 5130

CODES: Final[dict[int, str]] = {
    IN_PROGRESS: "In progress.",
    LONG_RUNNING: "In progress for over ten minutes.",
    WRITTEN: "Done: documents were written.",
    NOTHING_TO_WRITE: "Done: there was nothing to write.",
    CONFIGURATION: "The configuration is incomplete or contradicts the accounting software.",
    COMPANY_GONE: "The company was deleted.",
    DEAUTHORIZED: "A connection is no longer authorized.",
    BILLING_EXPIRED: "The accounting software's subscription has expired.",
    INTERNAL: "An internal error.",
    DUPLICATE: "Another sync of this company is running.",
    DATA_PROCESSING: "The sales data could not be processed.",
    DATA_WRITE: "Documents could not be written to the accounting software.",
}
LONG_RUNNING_SECONDS: Final = 600

Cause = Literal[
    "",
    "configuration",
    "company_gone",
    "deauthorized",
    "billing_expired",
    "duplicate",
    "reading",
    "writing",
    "internal",
]
_CAUSES: Final[dict[Cause, int]] = {
    "configuration": CONFIGURATION,
    "company_gone": COMPANY_GONE,
    "deauthorized": DEAUTHORIZED,
    "billing_expired": BILLING_EXPIRED,
    "duplicate": DUPLICATE,
    "reading": DATA_PROCESSING,
    "writing": DATA_WRITE,
    "internal": INTERNAL,
}


class Outcome(NamedTuple):
    """What a run came to. `cause` names what ended it ("" for nothing); counts are of documents.

    `undelivered` counts documents that stayed here: refused, or without a known outcome when patience ended.
    """

    cause: Cause = ""
    written: int = 0
    undelivered: int = 0


def code_of(outcome: Outcome) -> int:
    """The final status code of a run. What ended it comes first, then what could not be delivered."""
    if outcome.cause:
        return _CAUSES[outcome.cause]
    if outcome.undelivered:
        return DATA_WRITE
    return WRITTEN if outcome.written else NOTHING_TO_WRITE


def code_while_running(seconds: float) -> int:
    """The status code of a run that began `seconds` ago and has not ended."""
    return LONG_RUNNING if seconds > LONG_RUNNING_SECONDS else IN_PROGRESS


def is_success(code: int) -> bool:
    """Whether the days of this run need no other run."""
    return code in (WRITTEN, NOTHING_TO_WRITE)
