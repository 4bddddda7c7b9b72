"""Problems of records as findings: one for each thing that is wrong, however many records meet it."""

from __future__ import annotations

from typing import Any, Final, LiteralString

from health.findings.kinds import KINDS
from health.findings.seen import MOST_CAUSES, Cause, Looked, Scope, Seen
from health.findings.watching import Watch
from health.watches.wording import short
from ledger import sql
from ledger.problems import CATALOG

# What a problem names, by its facts: to choose an account for a role cures all records that meet that role, while each
# product without a cost, or each thing that runs out, would be a finding of its own to no use.
NAMED: Final[dict[str, tuple[str, ...]]] = {
    "unknown_word": ("field", "word"),
    "unknown_currency": ("currency",),
    "wrong_currency": ("currency",),
    "unmapped_role": ("role",),
    "posted_to_suspense": ("role",),
    "no_tax_code": ("tax",),
}
CODES: Final = frozenset(code for code in CATALOG if code in KINDS)
# Of a platform's words and shapes, all its merchants have the same trouble.
_OF_PLATFORMS: Final = frozenset({"unknown_word", "malformed", "items_do_not_add_up"})

_OPEN: Final[LiteralString] = """
    WITH named AS (
        SELECT problem.*, CASE problem.code
            WHEN 'malformed' THEN regexp_replace(problem.path, '\\[[0-9]+\\]', '[]', 'g')
            ELSE coalesce((SELECT string_agg(problem.detail ->> fact, ' ' ORDER BY place)
                 FROM unnest(%(codes)s::text[], %(facts)s::text[]) WITH ORDINALITY AS told(code, fact, place)
                 WHERE told.code = problem.code), '') END AS name
        FROM ledger_problem problem
        WHERE problem.company_id = ANY(%(companies)s) AND problem.resolved_at IS NULL AND problem.code = ANY(%(known)s)
    ), grouped AS (
        SELECT company_id, code, name, count(*)::int AS number, min(id) AS first_id,
            (array_agg(id ORDER BY id))[1:%(most)s] AS ids
        FROM named GROUP BY company_id, code, name
    )
    SELECT grouped.company_id, grouped.code, grouped.name, number, first.detail, coalesce(link.platform, ''),
        (SELECT jsonb_agg(jsonb_build_array(cause.record_id, cause.subject, cause.page, cause.page_row, cause.path)
                          ORDER BY cause.id) FROM ledger_problem cause WHERE cause.id = ANY(ids))
    FROM grouped JOIN ledger_problem first ON first.id = first_id
    LEFT JOIN connectors_connection link ON link.source_id = first.source_id
    ORDER BY grouped.company_id, grouped.code, grouped.name
"""


def look(scope: Scope) -> Looked:
    """The open problems of these companies that somebody can do something about."""
    pairs = [(code, fact) for code, facts in NAMED.items() for fact in facts]
    parameters = {
        "companies": list(scope.company_ids),
        "known": sorted(CODES),
        "codes": [code for code, _ in pairs],
        "facts": [fact for _, fact in pairs],
        "most": MOST_CAUSES,
    }
    return Looked([_seen(*row) for row in sql.rows_named(_OPEN, parameters)])


def _seen(
    company_id: int, code: str, name: str, number: int, detail: dict[str, Any], platform: str, causes: Any
) -> Seen:
    currency = str(detail.get("currency", "")) if _is_iso(detail.get("currency")) else ""
    return Seen(
        code,
        company_id,
        short(name) or "records",
        detail,
        root=short(f"{platform} {code} {name}") if platform and code in _OF_PLATFORMS else "",
        currency=currency,
        count=number,
        causes=tuple(_cause(*cause) for cause in causes),
    )


def _cause(record: int | None, subject: str, page: int | None, row: int | None, path: str) -> Cause:
    if record is not None:
        return Cause("record", str(record), subject.partition(" #")[0], path)
    return Cause("row", f"{page}/{row}" if page is not None else "", subject, path)


def _is_iso(currency: Any) -> bool:
    return isinstance(currency, str) and len(currency) == 3 and currency.isalpha() and currency.isupper()


WATCHES: Final = (Watch("problems", CODES, look),)
