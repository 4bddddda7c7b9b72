"""Database and disk."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Database and disk"
CASES: Final[tuple[Case, ...]] = (
    Case(
        "H01",
        "The database restarts at once, amid syncs",
        "Connections are looked at before they are used again; nothing is lost",
    ),
    Case(
        "H02",
        "The session ends between sending a document and noting it",
        "The document is looked up and adopted, not sent again",
    ),
    Case(
        "H03",
        "The answer to a COMMIT is lost",
        "Nobody says that nothing was done; the same again finds it done, whichever commit it was",
    ),
    Case(
        "H04",
        "The disk of the database is full",
        "503 in words at the API, a worker says what to do; no attempt is counted, and all goes on once there is room",
    ),
    Case(
        "H05",
        "A deadlock",
        "One gives way and is done again, counted; a request is told to come again",
    ),
    Case(
        "H06",
        "A transaction or statement that does not end",
        "Time-outs for locks, statements and idle transactions; no HTTP within a transaction",
    ),
    Case(
        "H07",
        "A transaction that cannot be serialized",
        "Done again whole",
    ),
    Case(
        "H08",
        "All connections are taken",
        "503 and when to come again; workers wait",
    ),
    Case(
        "H09",
        "A backup of an hour ago is restored; the accounting software knows of what was delivered since",
        "No work before a person says so; then what may be there is looked up before it is sent: 0 doubled",
    ),
    Case(
        "H10",
        "Nobody knows whether the backups can be restored",
        "A command makes one, restores it beside, and proves tables, guards, balances and documents equal",
    ),
    Case(
        "H11",
        "Somebody writes past the guards",
        "PostgreSQL refuses; the application's role owns nothing and switches no guard off; one that is off is told",
    ),
    Case(
        "H12",
        "Numbers run out, or have gaps",
        "64 bits everywhere; nothing counts on their being without gaps",
    ),
    Case(
        "H13",
        "An entry of the audit trail is changed or removed by who owns the database",
        "Its day does not fit its seal any more, in the trail or in the log that was kept",
    ),
    Case(
        "H14",
        "A migration needs a table that everybody uses",
        "It gives up after seconds, in words, and can be repeated; nothing is taken away that running code uses",
    ),
)
