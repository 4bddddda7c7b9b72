"""Books that cannot be: what PostgreSQL refuses, added up anew, because somebody may have written past its guards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from health.findings.seen import Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.integrity import twice, unbalanced, unbound
from health.watches.narrowing import open_since
from health.watches.wording import short

LOOK_BACK: Final = timedelta(days=35)  # a month and some days of late changes; `manage.py doctor` adds up all there is
LOOK_BACK_AT_ONCE: Final = timedelta(days=3)


def look(scope: Scope) -> Looked:
    """The documents and postings of the last days of these companies, and of the days that are known to be ill."""
    back = LOOK_BACK if scope.depth == "night" else LOOK_BACK_AT_ONCE
    since = (scope.at - back).date()
    since = min([since, *open_since(scope, CODES).values()])
    seen = [*_unbalanced(scope, since), *_twice(scope, since), *_unbound(scope, since)]
    return Looked(seen, dict.fromkeys(scope.company_ids, (since, date.max)))


def _unbalanced(scope: Scope, since: date) -> Iterator[Seen]:
    for each in unbalanced(scope.company_ids, since):
        facts = {"reference": each.reference, "debits": each.debits, "credits": each.credits, "currency": each.currency}
        yield Seen(
            "document_unbalanced",
            each.company_id,
            each.reference,
            facts,
            day=each.day,
            currency=each.currency,
            amount=each.debits - each.credits,
            causes=(Cause("document", str(each.document_id), each.reference),),
        )


def _twice(scope: Scope, since: date) -> Iterator[Seen]:
    for each in twice(scope.company_ids, since):
        name = f"{each.kind} {each.external_id}"
        yield Seen(
            "record_twice",
            each.company_id,
            short(f"{each.record_id} {name}"),
            {"record": name, "count": each.times},
            day=each.day,
            count=each.times,
            causes=(Cause("record", str(each.record_id), name),),
        )


def _unbound(scope: Scope, since: date) -> Iterator[Seen]:
    for each in unbound(scope.company_ids, since):
        yield Seen(
            "binding_missing",
            each.company_id,
            each.reference,
            {"reference": each.reference, "how": _PUSHED if each.is_pushed else _BOUND},
            root=f"bindings of company {each.company_id}",
            day=each.day,
            causes=(Cause("document", str(each.document_id), each.reference),),
        )


_PUSHED: Final = "is said to be in the accounting software, but nothing there is known to be it"
_BOUND: Final = "is known to be in the accounting software, but is not said to have been delivered"
CODES: Final = frozenset({"document_unbalanced", "record_twice", "binding_missing"})

WATCHES: Final = (Watch("integrity", CODES, look),)
