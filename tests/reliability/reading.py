"""Reading sales."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Reading sales"
CASES: Final[tuple[Case, ...]] = (
    Case("B01", "a row comes in front while pages are read, so that another slips by", "none is missed"),
    Case("B02", "a row changes while pages are read and comes again", "stored once, as it was last"),
    Case("B03", "many rows have the instant at which the last pull ended", "read again; none is lost"),
    Case("B04", "a cursor expires in mid-way", "that listing begins once more, not the others, and not a third time"),
    Case("B05", "the same page comes for ever", "noticed, said, ended; what was read is kept"),
    Case("B06", "a page is short and more follow", "the platform's word for “more” counts, never a length"),
    Case("B07", "an empty page in the middle", "gone on with; a hundred in a row are an error"),
    Case("B08", "JSON that is cut off", "nothing of the page is stored; the next pull has all"),
    Case("B09", "the number of all rows changes while they are read", "no total ends a listing before its rows do"),
    Case("B10", "an order is edited days after it was posted", "its difference is posted, and refers back"),
    Case(
        "B11",
        "an order is dated back",
        "it belongs to its own day; a closed day is dated by the book's rule, with a notice, and never rewritten",
    ),
    Case("B12", "a time stamp is touched and nothing else", "no new version, nothing posted"),
    Case("B13", "rows come that are older than what was asked for", "they do no harm"),
    Case("B14", "the platform's clock is ahead or behind", "its own times are the mark, with a look-back before it"),
    Case("B15", "rows do not say when they changed", "they are compared whole, and followed back and forth"),
    Case("B16", "a list hides closed, canceled or archived orders unless asked", "all states are asked for by name"),
    Case("B17", "an order is deleted", "taken back where that is certain; never because a listing was not whole"),
    Case("B18", "the event of a payment is never sent", "the next pull finds it"),
    Case("B19", "a refund of an order from before the books", "it stands by itself, on its own day"),
    Case("B20", "a test order is among the sales", "it never counts"),
    Case("B21", "an order is moved to another place of sale", "both places are put right"),
    Case("B22", "an order of 10,000 lines", "one record, in bounded memory and time"),
    Case("B23", "more orders than a worker has time for", "each page is committed, and the next worker goes on there"),
    Case(
        "B24",
        "a shop begins its numbers anew, or two shops have the same",
        "ids are those of one connection; another sale under a known id is held, and the former stays in the books",
    ),
    Case(
        "B25",
        "a new field, an unknown word, null, a text for a number, anything at all",
        "the row is a record or a reason with its place, alone; its neighbors are kept",
    ),
    Case(
        "B26",
        "a version of an interface is retired",
        "what is asked is held to the vendor's own description; the announcement in an answer is told to operations",
    ),
    Case(
        "B27",
        "what is posted is not what the platform itself states",
        "compared to the penny before posting, and held; what is in the books is compared each night",
        "No platform here offers a report of its day: each row's own totals, and payouts, are what is compared with.",
    ),
)
