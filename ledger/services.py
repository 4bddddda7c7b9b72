"""What writes more than one row of companies and books. Keyword-only; each call is one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import IntegrityError, transaction
from django.utils import timezone

from ledger import sql
from ledger.book import Book, Conflict, difference, encode_book
from ledger.models import AuditEntry, BookVersion, Company, Partner, Source
from ledger.money import exponent
from ledger.zones import zone_of


class InvalidBook(Exception):
    """The book has choices that cannot both hold; ``conflicts`` names the fields."""

    def __init__(self, conflicts: list[Conflict]) -> None:
        self.conflicts = conflicts
        super().__init__("; ".join(f"{conflict.field}: {conflict.sentence}" for conflict in conflicts))


class DuplicateName(Exception):
    """The partner has a company of this name already: ``company``."""

    def __init__(self, company: Company) -> None:
        self.company = company
        super().__init__(company.name)


def audit(
    *,
    code: str,
    actor: str,
    company: Company | None = None,
    partner: Partner | None = None,
    subject: str = "",
    detail: Mapping[str, Any] | None = None,
    why: str = "",
) -> None:
    """Write down what happened, in the transaction in which it did. ``detail`` never holds a secret; the reason that
    somebody gave is kept there as "why"."""
    AuditEntry.objects.create(
        code=code,
        actor=actor,
        company=company,
        partner=partner or (company.partner if company else None),
        subject=subject,
        detail={**(detail or {}), "why": why} if why else dict(detail or {}),
    )


@transaction.atomic
def create_company(
    *,
    partner: Partner,
    name: str,
    currency: str = "",
    zone: str = "",
    description: str = "",
    tags: Mapping[str, str] | None = None,
    actor: str,
) -> Company:
    """A new company; currency and zone are the partner's where they are not said.

    Raises `DuplicateName`, `ledger.money.UnknownCurrency` and `ledger.zones.UnknownZone`.
    """
    currency, zone = currency or partner.currency, zone or partner.zone
    exponent(currency)
    zone_of(zone)
    facts = {"description": description, "tags": dict(tags or {}), "currency": currency, "zone": zone}
    try:
        with transaction.atomic():
            company = Company.objects.create(partner=partner, name=name, **facts)
    except IntegrityError as error:
        if "company_name_once_per_partner" not in str(error):
            raise
        raise DuplicateName(Company.objects.get(partner=partner, name__iexact=name)) from None
    audit(code="company.created", actor=actor, company=company, subject=name)
    return company


@transaction.atomic
def create_source(*, company: Company, label: str) -> Source:
    """A new scope of record ids for ``company``."""
    return Source.objects.create(company=company, label=label)


@transaction.atomic
def save_book(*, company: Company, book: Book, author: str, reason: str) -> BookVersion:
    """A new version of the company's book, in force from the next posting on.

    Saving what is in force already makes no version. Records that sit in the suspense account and would now find an
    account are queued to be moved. Raises `InvalidBook`.
    """
    conflicts = book.conflicts()
    if conflicts:
        raise InvalidBook(conflicts)
    Company.objects.select_for_update(no_key=True).get(pk=company.pk)  # deliveries may go on
    latest = company.book_versions.order_by("-number").first()
    changes = difference(latest.book if latest else None, book)
    if latest is not None and not changes:
        return latest
    version = BookVersion.objects.create(
        company=company,
        number=(latest.number if latest else 0) + 1,
        body=encode_book(book),
        difference=msgspec.to_builtins(changes),
        reason=reason,
        author=author,
    )
    audit(
        code="book.changed",
        actor=author,
        company=company,
        subject=f"version {version.number}",
        detail={"reason": reason, "fields": [change.field for change in changes]},
    )
    if latest is not None:
        _look_again(company.pk, latest.book, book)
    return version


def _look_again(company_id: int, before: Book, book: Book) -> None:
    """Queue what the new book may cure, and resolve what it has cured already."""
    if before.suspense:
        _requeue_suspended(company_id, before.suspense)
    if before.policy.record_tolerance != book.policy.record_tolerance:
        sql.execute("UPDATE ledger_standing SET state = 0 WHERE company_id = %s AND state = 3", (company_id,))
    sql.execute(
        """UPDATE ledger_problem SET resolved_at = %s WHERE company_id = %s AND resolved_at IS NULL
           AND code IN ('unmapped_role', 'posted_to_suspense', 'wrong_currency')
           AND (subject = ANY(%s) OR code = 'wrong_currency')""",
        (now(), company_id, _now_mapped(company_id, book)),
    )


def _now_mapped(company_id: int, book: Book) -> list[str]:
    """The roles of open problems for which ``book`` has an account."""
    open_roles = sql.rows(
        """SELECT DISTINCT subject FROM ledger_problem WHERE company_id = %s AND resolved_at IS NULL
           AND code IN ('unmapped_role', 'posted_to_suspense')""",
        (company_id,),
    )
    return [role for (role,) in open_roles if book.account(role, book.currency)]


def _requeue_suspended(company_id: int, suspense: str) -> int:
    """Queue every record of a posting that used ``suspense``: posting it anew moves what has an account now.

    What has none comes out equal and posts nothing; so does all else in those postings.
    """
    return sql.execute(
        """INSERT INTO ledger_standing (record_id, round, company_id, happened_at, state)
           SELECT standing.record_id, standing.round + 1, standing.company_id, standing.happened_at, 0
           FROM ledger_standing standing
           JOIN ledger_record record ON record.id = standing.record_id
           WHERE standing.company_id = %s AND standing.state = 1 AND NOT record.superseded
             AND standing.posting_id IN (
                 SELECT document.posting_id FROM ledger_document document
                 JOIN ledger_documentline line ON line.document_id = document.id
                 WHERE document.company_id = %s AND document.withdrawn_at IS NULL AND line.account = %s)
           ON CONFLICT DO NOTHING""",
        (company_id, company_id, suspense),
    )


def now() -> datetime:
    """The present instant, in UTC: the one place where the ledger's shell reads a clock."""
    return timezone.now().astimezone(UTC)
