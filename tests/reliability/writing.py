"""Writing to the accounting platform."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Writing to the accounting platform"
CASES: Final[tuple[Case, ...]] = (
    Case("A01", "the answer to a write is lost after it was done", "looked up by its reference and adopted; one there"),
    Case(
        "A02",
        "the connection is refused or breaks before anything is done",
        "a look-up that finds nothing counts only after the settle time; then sent again under the same key",
    ),
    Case("A03", "we give up waiting, and the platform does it afterwards", "found later, and not sent a second time"),
    Case("A04", "500 before it was done", "unknown, never “failed”; one there in the end"),
    Case("A05", "502, 503 or 504 after it was done", "unknown, never “failed”; one there in the end"),
    Case(
        "A06",
        "200 with half a body, or a web page of a proxy",
        "unknown; what came is kept as a sample without any secret",
    ),
    Case(
        "A07",
        "done, with another total than was sent",
        "read back at once and told as a difference, never called right; nothing is corrected by itself",
    ),
    Case("A08", "the id in the answer is bound to another document", "PostgreSQL refuses it, and somebody is told"),
    Case(
        "A09",
        "a key comes again with another body",
        "the platform's no stays with a person; no other key is taken for the same sending by itself",
    ),
    Case("A10", "the platform has forgotten our key", "looked up before anything is sent again, always"),
    Case(
        "A11",
        "a proxy or a library repeats a write by itself",
        "one document wherever there is a key or a unique reference; our own door never repeats a write",
    ),
    Case(
        "A12",
        "of many documents one is refused",
        "each has an outcome of its own, and only the refused one waits for a person",
        "Documents are sent one at a time, so no answer is about several.",
    ),
    Case("A13", "a delivery of many documents is lost in mid-way", "each is looked up by its own reference"),
    Case("A14", "a search does not find yet what was written", "“not there” counts only after the search's delay"),
    Case("A15", "the look-up itself fails", "it stays unknown; nothing is sent without a clear answer"),
    Case(
        "A16",
        "the look-up finds two",
        "nothing is adopted and nothing sent; told with both, and adopted once a person took one away",
    ),
    Case("A17", "a person voided or deleted it there", "not made again; it says “removed”, and somebody is asked"),
    Case("A18", "a person edited it there", "kept as it is and told with what was changed; never written over"),
    Case("A19", "the period is locked or closed", "not tried again by itself; the merchant's turn, nothing there"),
    Case(
        "A20",
        "an account, a tax rate, a contact or an option of the mapping is archived",
        "refused whole, nothing half written, the merchant's turn with its name",
    ),
    Case("A21", "the number is used already", "adopted if it is ours; else somebody compares the two, and one stays"),
    Case("A22", "a newer version is there than was read", "read again and done once more; then told"),
    Case("A23", "two workers would make the same contact or item", "one session at a time writes to a connection"),
    Case(
        "A24",
        "texts that are too long or that the platform cannot hold",
        "each target is sent what it takes; what came in stays as it came",
    ),
    Case(
        "A25",
        "the subscription ended, another organisation, a right was taken away",
        "the company's sync says so and whose turn it is; no call after call",
    ),
    Case(
        "A26",
        "the platform is in maintenance for hours",
        "left alone after three failures, asked at growing pauses; afterwards all arrives once, at its pace",
    ),
    Case(
        "A27", "a worker is frozen just before it sends", "nobody takes over while it lives, and it does not send late"
    ),
    Case(
        "A28",
        "a worker is frozen in mid-call, and PostgreSQL is restarted meanwhile",
        "whoever comes second takes back at once what it made; if it dies before, the entry is told as booked twice",
        "What is left: the process is killed as well, in the same moment, at a platform without a lasting key. Then a "
        "person takes the second one back.",
    ),
    Case("A29", "a reversal is sent twice", "it is a document with a key of its own, and a posting has one reversal"),
    Case(
        "A30",
        "a day is amended while it is being posted",
        "one at a time posts a company; a correction is a difference, never an edit",
    ),
)
