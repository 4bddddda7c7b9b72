"""What has not arrived at the accounting software, and why: refused, in the dark, or not sent; and what was chosen
there and cannot be used any more, which explains refusals and is then told of instead of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Final, LiteralString

from connectors.choices import WORDS, ChoiceKind
from connectors.errors import RefusalReason
from health.doctor_books import UNKNOWN_WARNING_SECONDS
from health.findings.seen import MOST_CAUSES, Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.choices import Gone, Named, gone
from health.watches.refusals import Refusal, refusals
from health.watches.wording import instant, short, some_of
from ledger import sql

NOT_SENT_FOR: Final = timedelta(hours=26)  # the next nightly sync has had its chance, and two hours to work

_REASONS: Final[dict[str, tuple[ChoiceKind, ...]]] = {
    RefusalReason.ACCOUNT_INACTIVE.value: ("account",),
    RefusalReason.TAX_RATE_GONE.value: ("tax_rate",),
    RefusalReason.CONTACT_GONE.value: ("customer", "supplier"),
}
_CODES: Final[dict[ChoiceKind, str]] = {
    "account": "account_archived",
    "tax_rate": "tax_rate_archived",
    "customer": "contact_archived",
    "supplier": "contact_archived",
}
_FACTS: Final[dict[ChoiceKind, str]] = {
    "account": "account",
    "tax_rate": "rate",
    "customer": "contact",
    "supplier": "contact",
}
_MERCHANTS: Final = ("merchant", "partner")

_IN_THE_DARK: Final[LiteralString] = """
    SELECT item.company_id, link.public_id::text, link.platform, min(item.claimed_at), count(*)::int,
        (array_agg(document.id ORDER BY document.id))[1:%s], (array_agg(document.reference ORDER BY document.id))[1:%s],
        (array_agg(document.total ORDER BY document.id))[1:%s]
    FROM connectors_connection link
    JOIN connectors_pushitem item ON item.connection_id = link.id AND item.state NOT IN ('pushed', 'removed')
    JOIN ledger_document document ON document.id = item.document_id
    WHERE link.company_id = ANY(%s) AND (item.state = 'unknown' AND item.updated_at < %s
        OR item.state = 'sending' AND item.deadline_at < %s)
    GROUP BY item.company_id, link.id ORDER BY item.company_id, link.id
"""
# Not what is refused or in the dark, nor what waits where something else is the cause: no way to the books, no sync
# that ended well since they were there, or a refused document that this one rests on.
_NOT_SENT: Final[LiteralString] = """
    SELECT document.company_id, link.public_id::text, min(document.date), min(posting.created_at), count(*)::int,
        (array_agg(document.id ORDER BY document.id))[1:%s], (array_agg(document.reference ORDER BY document.id))[1:%s],
        (array_agg(document.total ORDER BY document.id))[1:%s]
    FROM ledger_document document JOIN ledger_posting posting ON posting.id = document.posting_id
    JOIN connectors_connection link ON link.company_id = document.company_id AND link.kind = 'accounting'
        AND link.status = 'Linked'
    JOIN LATERAL (SELECT sync.code, sync.finished_at FROM commerce_sync_sync sync
        WHERE sync.company_id = document.company_id AND sync.finished_at IS NOT NULL ORDER BY sync.id DESC LIMIT 1) last
        ON last.code IN (2000, 2040, 5130) AND last.finished_at > greatest(link.linked_at, posting.created_at)
    LEFT JOIN connectors_pushitem item ON item.document_id = document.id
    WHERE document.company_id = ANY(%s) AND document.pushed_at IS NULL AND document.withdrawn_at IS NULL
        AND posting.created_at < %s AND coalesce(item.state, 'prepared') IN ('prepared', 'waiting')
        AND NOT EXISTS (SELECT FROM connectors_pushitem refused
                        WHERE refused.company_id = document.company_id AND refused.state = 'refused')
        AND NOT EXISTS (SELECT FROM commerce_sync_schedule schedule WHERE schedule.company_id = document.company_id
                        AND (schedule.paused_at IS NOT NULL OR NOT schedule.enabled))
    GROUP BY document.company_id, link.id ORDER BY document.company_id, link.id
"""


def look(scope: Scope) -> Looked:
    """Refused documents, by what was said; those that an archived choice explains are told of as that."""
    refused = refusals(scope.company_ids)
    named = [
        Named(each.link_id, _REASONS[each.code], each.accounts, each.said) for each in refused if each.code in _REASONS
    ]
    found = gone(scope.company_ids, (scope.at - timedelta(days=1)).date(), named)
    explained: dict[int, list[Refusal]] = {}
    seen: list[Seen] = []
    for refusal in refused:
        culprits = [index for index, each in enumerate(found) if _explains(each, refusal)]
        for index in culprits[:1]:
            explained.setdefault(index, []).append(refusal)
        if not culprits:
            seen.append(_refused(refusal))
    for index, each in enumerate(found):
        if each.roles or index in explained:
            seen.append(_archived(each, explained.get(index, [])))
    return Looked(seen)


def _explains(each: Gone, refusal: Refusal) -> bool:
    kind, identity = each.choice
    if each.connection_id != refusal.link_id or kind not in _REASONS.get(refusal.code, ()):
        return False
    return kind != "account" or identity in refusal.accounts


def _refused(refusal: Refusal) -> Seen:
    what = short(f"{refusal.platform} refuses {refusal.code}: {refusal.steadily}")
    turn = refusal.turn if refusal.turn in ("merchant", "partner", "support") else "support"
    return Seen(
        "delivery_refused",
        refusal.company_id,
        short(f"{refusal.connection} {refusal.code} {refusal.steadily}"),
        {"said": refusal.said, "remedy": refusal.remedy, "platform": refusal.platform, "count": refusal.count},
        root="" if refusal.turn in _MERCHANTS else what,
        currency=refusal.currency,
        amount=refusal.amount if refusal.currency else None,
        count=refusal.count,
        causes=refusal.causes,
        turn=turn,  # type: ignore[arg-type]  # one of them, by the line above
    )


def _archived(each: Gone, refused: list[Refusal]) -> Seen:
    choice, called = each.choice, f"{each.choice.id}"
    if each.name and each.name != choice.id:
        called = f"{choice.id} “{each.name}”"
    causes = tuple(cause for refusal in refused for cause in refusal.causes)[:MOST_CAUSES]
    facts = {
        _FACTS[choice.kind]: called if choice.kind in ("account", "tax_rate") else f"The {WORDS[choice.kind]} {called}",
        "roles": some_of(each.roles) if each.roles else "documents that are not delivered yet",
        "state": "is archived in" if each.archived else "does not exist in",
    }
    return Seen(
        _CODES[choice.kind],
        each.company_id,
        f"{each.connection_id} {choice.kind} {choice.id}",
        facts,
        # Another organization, or a list of accounts made anew: then all that is chosen is gone for one reason.
        root="" if each.archived else f"choices gone at connection {each.connection_id}",
        count=max(sum(refusal.count for refusal in refused), 1),
        causes=causes,
    )


def look_undelivered(scope: Scope) -> Looked:
    """Documents whose outcome is not known, and those that nobody has sent."""
    return Looked([*_in_the_dark(scope), *_not_sent(scope)])


def _in_the_dark(scope: Scope) -> Iterator[Seen]:
    before = scope.at - timedelta(seconds=UNKNOWN_WARNING_SECONDS)
    most = (MOST_CAUSES, MOST_CAUSES, MOST_CAUSES)
    rows = sql.rows(_IN_THE_DARK, (*most, list(scope.company_ids), before, before))
    for company_id, link, platform, since, count, *documents in rows:
        facts = {"since": instant(since), "count": count}
        yield Seen(
            "delivery_unknown", company_id, link, facts, root=f"{platform} leaves outcomes unknown",
            count=count, causes=_causes(*documents),
        )  # fmt: skip


def _not_sent(scope: Scope) -> Iterator[Seen]:
    before = scope.at - NOT_SENT_FOR
    most = (MOST_CAUSES, MOST_CAUSES, MOST_CAUSES)
    rows = sql.rows(_NOT_SENT, (*most, list(scope.company_ids), before))
    for company_id, link, first, since, count, *documents in rows:
        facts = {"day": first.isoformat(), "since": instant(since), "count": count}
        yield Seen("delivery_waiting", company_id, link, facts, day=first, count=count, causes=_causes(*documents))


def _causes(ids: list[int], references: list[str], totals: list[int]) -> tuple[Cause, ...]:
    """The documents as causes, the first twenty."""
    return tuple(
        Cause("document", str(identity), reference, amount=total)
        for identity, reference, total in zip(ids, references, totals, strict=True)
    )


WATCHES: Final = (
    Watch("refusals", frozenset({"delivery_refused", *_CODES.values()}), look),
    Watch("undelivered", frozenset({"delivery_unknown", "delivery_waiting"}), look_undelivered),
)
