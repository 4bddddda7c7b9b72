"""Webhooks."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Webhooks"
CASES: Final[tuple[Case, ...]] = (
    Case(
        "D01",
        "The same delivery comes several times, also at once",
        "It is noted once and rings once",
    ),
    Case(
        "D02",
        "A refund is told of before its sale, a change before its beginning",
        "A bell tells nothing that is believed: what happened is fetched, in its own order",
    ),
    Case(
        "D03",
        "An old delivery is repeated after a newer one",
        "What it says is not used, only that it rang",
    ),
    Case(
        "D04",
        "A delivery never comes",
        "It is found by asking; where nothing but bells brings work, after six silent hours",
    ),
    Case(
        "D05",
        "A signature is wrong, missing, another's, or nonsense",
        "401 after a comparison in constant time, and nothing happens",
    ),
    Case(
        "D06",
        "A body was written anew on its way",
        "Its signature is not believed: it is over the bytes as they were sent",
    ),
    Case(
        "D07",
        "A delivery is signed long ago, or in the future",
        "It is refused where the platform signs a time, on both sides of the tolerance",
    ),
    Case(
        "D08",
        "A genuine delivery is replayed",
        "It is known by its id, and changes nothing",
    ),
    Case(
        "D09",
        "A shop rings thousands of times in a minute",
        "Each is answered after a handful of statements; all together make one sync",
    ),
    Case(
        "D10",
        "The database does not answer",
        "503, so that the platform repeats it; never 200 for what is not kept",
    ),
    Case(
        "D11",
        "A body is huge, deep, or a bomb of compression",
        "413 before it is read; nothing is unpacked, and depth is no error of ours",
    ),
    Case(
        "D12",
        "The secret is exchanged",
        "The former and the new one are believed until the former is taken out",
    ),
    Case(
        "D13",
        "A subscription is removed or switched off at the platform",
        "It is told where the platform lists it; what was missed is found by asking",
    ),
    Case(
        "D14",
        "A delivery is for a merchant whom we do not know, or no longer",
        "It is answered and makes no work",
    ),
)
