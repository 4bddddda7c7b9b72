"""Finding a company by what a person types: its name or its public id."""

from __future__ import annotations

from uuid import UUID

from ledger.models import Company


class UnknownCompany(LookupError):
    """No company is called that."""


class AmbiguousCompany(LookupError):
    """Several companies are called that; the message lists their public ids."""


def company_named(said: str) -> Company:
    """The company of this name or public id; raises `UnknownCompany`, `AmbiguousCompany`."""
    public_id = as_uuid(said)
    if public_id is not None:
        found = list(Company.objects.select_related("partner").filter(public_id=public_id))
    else:
        found = list(Company.objects.select_related("partner").filter(name=said)[:20])
    if len(found) == 1:
        return found[0]
    if not found:
        near = Company.objects.filter(name__icontains=said)[:5] if said else []
        hint = f" Near it: {', '.join(company.name for company in near)}." if near else ""
        raise UnknownCompany(f"There is no company {said!r}.{hint}")
    ids = "\n".join(f"  {each.public_id}  {each.name}, of {each.partner.name}" for each in found)
    raise AmbiguousCompany(f"Several companies are called {said!r}; say the id of one:\n{ids}")


def as_uuid(said: str) -> UUID | None:
    """``said`` as a public id, None when it is none."""
    try:
        return UUID(said)
    except ValueError:
        return None
