"""Tokens and connections."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Tokens and connections"
CASES: Final[tuple[Case, ...]] = (
    Case(
        "C01",
        "Several workers meet the end of one access at once, and its refresh token can be used once",
        "One of them exchanges it, the others use what that one stored",
    ),
    Case(
        "C02",
        "The answer to a renewal is lost",
        "The former token is tried again; where that is not taken any more, the merchant is asked to log in",
    ),
    Case(
        "C03",
        "A worker dies, or loses its database, between the new pair and its save",
        "The pair is saved by itself, in a new session if need be; a dead worker leaves the former pair and no lock",
    ),
    Case(
        "C04",
        "The database takes no changes when an access has to be renewed",
        "Nothing is exchanged: it is found out before the old token is spent",
    ),
    Case(
        "C05",
        "The answer to a renewal has no refresh token",
        "The former one is kept",
    ),
    Case(
        "C06",
        "The platform calls a refresh token invalid",
        "What another worker stored meanwhile is used; only a second refusal of the same token asks the merchant",
    ),
    Case(
        "C07",
        "An access ends between two pages",
        "It is renewed, and the same page asked for again",
    ),
    Case(
        "C08",
        "A write is answered with 401",
        "Its outcome is unknown until it has been looked up, unless it carried a key",
    ),
    Case(
        "C09",
        "Our clock and the platform's are apart",
        "An access is renewed five minutes before its end, and after a 401",
    ),
    Case(
        "C10",
        "A merchant logs in to another company or shop on a connection that was used",
        "It is refused with a sentence, and the former access stays",
    ),
    Case(
        "C11",
        "Two merchants have connected the same books",
        "Each document is there once and belongs to one of them; neither takes over the other's",
    ),
    Case(
        "C12",
        "The merchant takes our access away at the platform",
        "The connection waits for the merchant, who is told once; nothing is called meanwhile, and what came stays",
    ),
    Case(
        "C13",
        "An access that nobody uses would end, or one cannot be renewed by us",
        "It is renewed in time; the merchant is told before",
    ),
    Case(
        "C14",
        "The encryption key is changed during a renewal",
        "Every credential can be read with the former or the new key at all times",
    ),
    Case(
        "C15",
        "A return from a page of consent has a wrong state, an old one, an error, or comes in another browser",
        "It is refused, nothing is stored, and it is noted",
    ),
    Case(
        "C16",
        "A return from a page of consent comes twice",
        "The code is exchanged once; the second return changes nothing",
    ),
)
