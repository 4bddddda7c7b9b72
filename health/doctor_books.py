"""The doctor's look at the books: balanced, delivered, bound, once each."""

from __future__ import annotations

from typing import Final

from health.checkup import Check, failure, ok, warning
from health.integrity import twice, unbalanced, unbound
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
    culprits = unbalanced()
    documents = sql.rows("SELECT count(*) FROM ledger_document")[0][0]
    if culprits:
        named = ", ".join(each.reference for each in culprits[:5])
        said = f"{len(culprits)} of {documents} documents do not balance: {named}"
        return failure("balance", said, "Somebody wrote past the guards of the database: restore it, and find out who.")
    return ok("balance", f"all {documents:,} documents balance")


def bindings() -> Check:
    """What is said to be at the platform is bound to something there, and the other way round."""
    found = unbound()
    if found:
        unpushed = sum(not each.is_pushed for each in found)
        pushed = len(found) - unpushed
        said = f"{pushed} pushed documents have no binding, {unpushed} bindings belong to documents not pushed"
        return failure("bindings", said, "Do not sync; compare these documents with the platform first.")
    return ok("bindings", "every pushed document is bound")


def once() -> Check:
    """No record is in the books in two versions or twice."""
    found = twice()
    if found:
        example = found[0].external_id
        said = f"{len(found)} records are in the books more than once, for instance {example}"
        return failure("once", said, f"See `manage.py explain {example}`, and withdraw or reverse one of the postings.")
    return ok("once", "no record is in the books twice")
