"""Who works at the console: made, changed, let in. Keyword-only; each call is one transaction and is in the trail."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode
from msgspec import Struct

from health.models import Member
from ledger.models import Partner
from ledger.services import audit

USER_FIELDS: Final = ("first_name", "last_name", "email", "is_active")


class Person(Struct, frozen=True):
    """What is said of somebody. ``partner`` None: one of ours."""

    role: str
    partner: Partner | None
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    is_active: bool = True


@transaction.atomic
def add_person(*, username: str, person: Person, actor: str, why: str) -> Member:
    """A person who cannot log in yet: with the link of `way_in` they choose a password. The name is not taken."""
    user = get_user_model().objects.create_user(username, is_staff=True, **_of_user(person))
    member = Member.objects.create(user=user, role=person.role, partner=person.partner)
    detail = {"why": why, "role": person.role, "email": person.email}
    audit(code="member.added", actor=actor, partner=person.partner, subject=username, detail=detail)
    return member


@transaction.atomic
def change_person(*, member: Member, person: Person, actor: str, why: str) -> None:
    """Say something else of somebody; nothing for what is so already."""
    row = Member.objects.select_for_update(of=("self",)).select_related("user", "partner").get(pk=member.pk)
    user: Any = row.user
    said = {"role": person.role, "partner": person.partner, **_of_user(person)}
    before = {name: getattr(row if name in ("role", "partner") else user, name) for name in said}
    changes = {name: [_text(before[name]), _text(said[name])] for name in said if before[name] != said[name]}
    if not changes:
        return
    row.role, row.partner = person.role, person.partner
    row.save(update_fields=["role", "partner"])
    for name in USER_FIELDS:
        setattr(user, name, said[name])
    user.save(update_fields=list(USER_FIELDS))
    detail = {"why": why, "changes": changes}
    audit(code="member.changed", actor=actor, partner=person.partner, subject=user.get_username(), detail=detail)


@transaction.atomic
def way_in(*, member: Member, actor: str, why: str) -> tuple[str, str]:
    """(uid, token) of a link by which this person chooses a password: once, and for three days."""
    user: Any = member.user
    audit(
        code="member.invited", actor=actor, partner=member.partner, subject=user.get_username(), detail={"why": why}
    )  # fmt: skip
    return urlsafe_base64_encode(force_bytes(user.pk)), default_token_generator.make_token(user)


def _of_user(person: Person) -> dict[str, Any]:
    return {name: getattr(person, name) for name in USER_FIELDS}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) if value is not None else "ours"
