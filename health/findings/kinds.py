"""Every kind of finding, as data: what is wrong in words, what to do, whose turn it is. Pure.

Problems of records (ledger/problems.py) that somebody can do something about are kinds as well, under their own codes
and in their own words.
"""

from __future__ import annotations

from typing import Any, Final, Literal

from msgspec import Struct

from ledger.money import EXPONENTS, format_money
from ledger.problems import CATALOG as PROBLEMS
from ledger.problems import Turn

Area = Literal[
    "money", "delivery", "mapping", "connection", "sync", "records", "completeness", "partner", "installation"
]
Severity = Literal["error", "warning", "notice"]
Fix = Literal["", "retry", "sync"]

SEVERITIES: Final[tuple[Severity, ...]] = ("error", "warning", "notice")  # the gravest first


class Kind(Struct, frozen=True):
    """One kind. ``sentence`` and ``remedy`` are `str.format` templates over a finding's params.

    ``fix`` is what the console can do for a finding, or for all of one root cause, once its cause is gone: ``retry``
    sends refused documents again, ``sync`` asks for a sync.
    """

    code: str
    area: Area
    severity: Severity
    turn: Turn
    title: str
    sentence: str
    remedy: str
    fix: Fix = ""


_MONEY: Final = (
    Kind("stated_differs", "money", "error", "support", "Records differ from the sales system",
         "For {day} the sales system states {stated} of {topic}, our records hold {records}.",
         "Compare the records named here with their raw rows: the difference came in when they were mapped."),
    Kind("documents_differ", "money", "error", "support", "Documents differ from the records",
         "For {day} the records state {records} of {topic}, the documents hold {documents}.",
         "Open the documents of the day and the records named here; nothing is to be sent by hand meanwhile."),
    Kind("books_differ", "money", "error", "support", "The books read back differently",
         "For {day} our documents have {documents} at {topic}, the accounting software has {books}.",
         "Compare the documents of the day at the accounting software; read them back again afterwards."),
    Kind("tax_differs", "money", "error", "support", "Tax differs at a rate",
         "For {day} the records hold {records} of tax “{rate}”, the documents {documents}.",
         "Look at the records named here and at the tax code that the mapping gives this rate."),
    Kind("gift_cards_differ", "money", "error", "support", "Gift cards do not roll forward",
         "Gift cards: {opening} and {changes} of the records make {expected}, but the liability account holds {held}.",
         "Look for entries on the liability account that are not ours, and for cards sold or used elsewhere."),
    Kind("clearing_differs", "money", "error", "support", "A clearing account is not explained",
         "{account} stands at {balance} at the accounting software; what is open adds up to {open}.",
         "Look at the entries on this account that are not ours: booked there by hand, or by another tool."),
    Kind("clearing_aged", "money", "warning", "merchant", "Money waits in a clearing account",
         "{count} payments of {waiting} have waited in {account} for a payout since {since}.",
         "Ask the payment platform for their payout, or say in the settings that they are settled elsewhere."),
    Kind("payout_missing", "completeness", "error", "support", "A payout is missing",
         "Payments of {missing} up to {day}, in {account}, are in no payout, though later ones have been paid out.",
         "Fetch the payouts again; if they stay away, ask the payment platform for this payout."),
    Kind("payout_late", "completeness", "warning", "merchant", "A payout is late",
         "{platform} pays out about every {rhythm}; nothing has come since {since}, and {waiting} waits.",
         "Look at the payment platform whether payouts are on hold."),
    Kind("bank_missing", "money", "warning", "merchant", "A payout has not reached the bank",
         "The payout {payout} of {stated}, due on {day}, is not among the bank's transactions.",
         "Look at the bank statement in the accounting software; ask the payment platform when it is not there."),
    Kind("bank_differs", "money", "error", "merchant", "The bank received another amount",
         "The payout {payout} is stated as {stated}, the bank received {received}.",
         "Ask the payment platform about the difference: usually the bank kept a charge."),
    Kind("booked_twice", "money", "error", "merchant", "Booked by another tool as well",
         "{entry} of {day} in the accounting software looks like our {reference}: {stated} on {account}.",
         "Find out which other tool books these sales, switch it off, and void its entries there."),
    Kind("sources_overlap", "money", "error", "merchant", "The same sales come from two systems",
         "{count} sales since {day} come from both {first} and {second}.",
         "Say in the settings which of the two keeps the sales, and disconnect or exclude the other."),
    Kind("document_edited", "money", "error", "merchant", "A document was edited in the books",
         "{reference} was changed in the accounting software: {changes}.",
         "Put it back there, or void it there and sync the day again; we never overwrite what a person wrote."),
    Kind("document_removed", "money", "error", "merchant", "A document was taken out of the books",
         "{reference} was voided or deleted in the accounting software.",
         "Say whether it should come back: sync its day again if so, undo its day here if not."),
    Kind("document_redated", "money", "warning", "merchant", "A document was moved to another day",
         "{reference} of {day} is dated {found} in the accounting software.",
         "Move it back there if that was a mistake; if not, ignore this with your reason."),
    Kind("document_unbalanced", "money", "error", "support", "A document does not balance",
         "{reference}: debits are {debits}, credits {credits}.",
         "Somebody wrote past the guards of the database: restore it, and find out who."),
    Kind("record_twice", "money", "error", "support", "A record is in the books twice",
         "{record} is in the books {count} times.",
         "Explain the record, and withdraw or reverse one of its postings."),
    Kind("binding_missing", "delivery", "error", "support", "A delivery and its binding contradict each other",
         "{reference} {how}.",
         "Do not sync; compare this document with the accounting software first."),
)  # fmt: skip

_WORK: Final = (
    Kind("delivery_refused", "delivery", "error", "support", "Documents are refused",
         "{count} documents were refused: {said}",
         "{remedy} Then retry the failed items.", "retry"),
    Kind("delivery_unknown", "delivery", "error", "support", "The outcome of a delivery is not known",
         "Of {count} documents it has not been known since {since} whether they arrived.",
         "They are looked up by themselves; if it lasts, look for their references there.", "sync"),
    Kind("delivery_waiting", "delivery", "warning", "support", "Documents are not delivered",
         "{count} documents of {day} and later have waited since {since} to be sent.",
         "See why the last sync did not send them, then sync again.", "sync"),
    Kind("account_archived", "mapping", "error", "merchant", "A chosen account cannot be used",
         "The account {account}, chosen for {roles}, {state} the accounting software.",
         "Choose another account in the settings, or activate it in the accounting software.", "retry"),
    Kind("tax_rate_archived", "mapping", "error", "merchant", "A chosen tax rate cannot be used",
         "The tax rate {rate}, chosen for {roles}, {state} the accounting software.",
         "Choose another tax rate in the settings, or activate it in the accounting software.", "retry"),
    Kind("contact_archived", "mapping", "error", "merchant", "A chosen customer or supplier cannot be used",
         "{contact}, whom the documents name, {state} the accounting software.",
         "Choose another one in the settings, or activate it in the accounting software.", "retry"),
    Kind("connection_lost", "connection", "error", "merchant", "A connection has lost its access",
         "{platform} has not accepted our access since {since}: {said}",
         "The merchant connects {platform} again, on the page of connections.", "sync"),
    Kind("connection_expiring", "connection", "warning", "merchant", "A connection ends soon",
         "The access to {platform} ends on {day}.",
         "The merchant logs in at {platform} again, on the page of connections."),
    Kind("connection_stale", "connection", "warning", "support", "Nothing has been read for days",
         "Nothing could be read from {platform} since {since}.",
         "Look at the calls of the connection, then sync again.", "sync"),
    Kind("webhooks_off", "connection", "warning", "merchant", "A platform no longer rings",
         "{platform} has switched off webhooks to us: {names}.",
         "Switch them on again at the platform; nothing is lost meanwhile, it is pulled."),
    Kind("sync_failing", "sync", "error", "support", "Syncs fail",
         "The syncs have failed since {since}: {said}",
         "{remedy}", "sync"),
    Kind("company_paused", "sync", "error", "support", "A company is paused",
         "Nothing has been synced since {since}: {said}",
         "Remove the cause, see one sync succeed, then resume from the day after the last success."),
    Kind("sync_overdue", "sync", "error", "support", "A sync has not begun in time",
         "The sync was due at {since} and has not begun.",
         "See whether workers are at work; start them if not.", "sync"),
    Kind("sync_stuck", "sync", "error", "support", "A sync does not end",
         "The sync that began at {since} is still under way.",
         "See in its log what it waits for; end the worker that holds it when it hangs."),
    Kind("job_dead", "sync", "error", "support", "A job was given up",
         "A job was given up after {count} attempts: {said}",
         "Correct the cause, then sync the company again.", "sync"),
    Kind("undo_stuck", "sync", "error", "support", "An undo has not ended",
         "The undo asked for at {since} is not done: {said}",
         "Remove what is in the way, then sync the company: the sync goes on with the undo.", "sync"),
    Kind("day_without_sales", "completeness", "warning", "merchant", "A day without sales",
         "{source} has no sales for {day}, though it usually has about {usual} on a {weekday}.",
         "If the shop was open, look whether the till sent its sales; if it was closed, ignore this."),
    Kind("number_gap", "completeness", "warning", "merchant", "Numbers are missing",
         "Numbers are missing at {source} between {first} and {last}: {count}.",
         "Look at the sales system whether these sales exist; fetch the day again if so."),
    Kind("endpoint_failing", "partner", "warning", "partner", "A webhook address does not answer",
         "{url} has refused what we send since {since}: {said}",
         "The partner looks at the address; what it missed is sent again by itself for three days."),
    Kind("endpoint_disabled", "partner", "error", "partner", "A webhook address is disabled",
         "{url} was disabled: {said}",
         "The partner enables it again and has what it missed replayed."),
    Kind("workers_gone", "installation", "error", "support", "No worker is at work",
         "There is work, and no worker has been seen since {since}.",
         "Start `manage.py qcluster` (or `manage.py run_worker`), and see that it is kept running."),
    Kind("work_waiting", "installation", "warning", "support", "Work waits",
         "Jobs have been due since {since}.",
         "Start more workers, or wait if a big import is under way."),
    Kind("disk_low", "installation", "error", "support", "The disk is nearly full",
         "{said}",
         "Make room or add disk before the database stops."),
    Kind("check_failed", "installation", "error", "support", "A check of the installation fails",
         "{check}: {said}",
         "{remedy}"),
)  # fmt: skip

# Told by their neighbor, whose problem is the cause.
_NOT_THEIR_OWN: Final = frozenset({"held_by_neighbor"})

_PROBLEMS: Final = tuple(
    Kind(
        code,
        "records",
        "error" if reason.severity == "blocks" else "warning",
        reason.turn,
        code.replace("_", " ").capitalize(),
        reason.sentence,
        reason.remedy,
    )
    for code, reason in PROBLEMS.items()
    if reason.turn != "nobody" and code not in _NOT_THEIR_OWN
)

KINDS: Final[dict[str, Kind]] = {kind.code: kind for kind in (*_MONEY, *_WORK, *_PROBLEMS)}


class _Facts(dict[str, Any]):
    """A missing fact shows as "?" instead of breaking the one message that explains a finding."""

    def __missing__(self, key: str) -> str:
        return "?"


def in_words(template: str, params: dict[str, Any]) -> str:
    """``template`` with the facts in words: beside a currency, whole numbers are amounts in its minor units, except
    those named ``count`` and ``rhythm``."""
    currency = params.get("currency")
    if currency in EXPONENTS:
        facts = {
            name: format_money(fact, currency) if isinstance(fact, int) and name not in ("count", "rhythm") else fact
            for name, fact in params.items()
        }
        return template.format_map(_Facts(facts))
    return template.format_map(_Facts(params))
