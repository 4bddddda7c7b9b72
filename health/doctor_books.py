"""The doctor's look at the books: balanced, delivered, bound, once each, and equal to what the sales systems state."""

from __future__ import annotations

from typing import Final

from commerce_sync.reconcile_text import describe_differences
from health.checkup import Check, failure, ok, warning
from health.reconcile import off_days
from ledger import sql

UNKNOWN_WARNING_SECONDS: Final = 3_600


def deliveries() -> Check:
    """Nothing is refused, and nothing has been in the dark for long."""
    refused, unknown = sql.rows(
        """SELECT count(*) FILTER (WHERE state = 'refused'),
               count(*) FILTER (WHERE state = 'unknown' AND updated_at < clock_timestamp() - make_interval(secs => %s))
           FROM connectors_pushitem WHERE state IN ('refused', 'unknown')""",
        (UNKNOWN_WARNING_SECONDS,),
    )[0]
    if not refused and not unknown:
        return ok("deliveries", "none is refused or in the dark")
    remedy = "Each says why and what to do in the administration (Push items)."
    return warning("deliveries", f"{refused} documents are refused, {unknown} without a known outcome", remedy)


def undos() -> Check:
    """No undo hangs half-way; and how much stays out of the books on a person's word."""
    hanging, sentence, aside = sql.rows(
        """SELECT count(*), max(failure_sentence), (SELECT count(*) FROM ledger_standing WHERE state = 5)
           FROM commerce_sync_undo
           WHERE finished_at IS NULL AND requested_at < clock_timestamp() - make_interval(secs => %s)""",
        (UNKNOWN_WARNING_SECONDS,),
    )[0]
    if hanging:
        remedy = "Remove what is in the way (the undo says it), then sync the company: the sync goes on with the undo."
        return warning("undos", f"{hanging} have not ended for an hour: {sentence or 'not begun'}", remedy)
    return ok("undos", f"none is unfinished; {aside:,} records stay out of the books until they are redone")


def balance() -> Check:
    """Debits equal credits in every document; PostgreSQL holds this when they are written, here it is added up anew."""
    documents, culprits = sql.rows(
        """WITH sums AS (
               SELECT document.id, document.reference, coalesce(sum(line.debit), 0) AS debits,
                   coalesce(sum(line.credit), 0) AS credits
               FROM ledger_document document LEFT JOIN ledger_documentline line ON line.document_id = document.id
               GROUP BY document.id)
           SELECT count(*), array_agg(reference) FILTER (WHERE debits <> credits OR debits = 0) FROM sums"""
    )[0]
    if culprits:
        said = f"{len(culprits)} of {documents} documents do not balance: {', '.join(culprits[:5])}"
        return failure("balance", said, "Somebody wrote past the guards of the database: restore it, and find out who.")
    return ok("balance", f"all {documents:,} documents balance")


def bindings() -> Check:
    """What is said to be at the platform is bound to something there, and the other way round."""
    unbound, unpushed = sql.rows(
        """SELECT (SELECT count(*) FROM ledger_document document WHERE pushed_at IS NOT NULL AND NOT EXISTS
                   (SELECT 1 FROM connectors_binding binding WHERE binding.document_id = document.id)),
               (SELECT count(*) FROM connectors_binding binding JOIN ledger_document document
                   ON document.id = binding.document_id WHERE document.pushed_at IS NULL)"""
    )[0]
    if unbound or unpushed:
        said = f"{unbound} pushed documents have no binding, {unpushed} bindings belong to documents not pushed"
        return failure("bindings", said, "Do not sync; compare these documents with the platform first.")
    return ok("bindings", "every pushed document is bound")


def once() -> Check:
    """No record is in the books in two versions or twice."""
    count, example = sql.rows(
        """SELECT count(*), min(external_id) FROM (
               SELECT record.external_id FROM ledger_standing standing
               JOIN ledger_record record ON record.id = standing.record_id
               WHERE standing.state = 1
               GROUP BY record.source_id, record.kind, record.external_id HAVING count(*) > 1) twice"""
    )[0]
    if count:
        said = f"{count} records are in the books more than once, for instance {example}"
        return failure("once", said, f"See `manage.py explain {example}`, and withdraw or reverse one of the postings.")
    return ok("once", "no record is in the books twice")


def reconciliation() -> Check:
    """An independent sum of what the records state equals what the documents hold and the books read back."""
    found = off_days()
    if not found:
        days = sql.rows("SELECT count(DISTINCT (company_id, day, currency)) FROM ledger_posting")[0][0]
        return ok("reconciliation", f"all {days:,} days of all companies agree to the unit")
    first = found[0]
    sentence = next(iter(describe_differences([first.totals])), "")
    suspects = ", ".join(f"{each.kind} {each.external_id} ({each.reason})" for each in first.suspects[:3])
    if first.references:
        suspects = ", ".join([*filter(None, [suspects]), *first.references[:3]])
    said = f"{len(found)} days are off; {first.company}: {sentence}" + (f"; look at {suspects}" if suspects else "")
    return failure(
        "reconciliation", said, "`manage.py explain` leads from each to its raw payload; `manage.py replay` says more."
    )
