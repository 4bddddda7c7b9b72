"""Where the things that a finding names are shown at the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from django.urls import reverse

from commerce_sync.models import Sync
from connectors.models import Connection
from health.models import Finding


class ShownCause(NamedTuple):
    """A cause for people: what kind of thing, what it is called, why it is one, by how much, and where it is shown
    (empty: nowhere here)."""

    kind: str
    label: str
    reason: str
    amount: int | None
    url: str


def causes_of(finding: Finding) -> list[ShownCause]:
    """The causes of a finding with their pages."""
    named = _public_ids(finding)
    return [
        ShownCause(
            cause["kind"],
            cause["label"] or cause["id"],
            cause.get("reason", ""),
            cause.get("amount"),
            _url(cause["kind"], cause["id"], named),
        )
        for cause in finding.causes
    ]


def _url(kind: str, identity: str, named: dict[tuple[str, str], int]) -> str:
    match kind:
        case "record" if identity.isdecimal():
            return reverse("admin:console-record", args=(int(identity),))
        case "document" if identity.isdecimal():
            return reverse("admin:console-document", args=(int(identity),))
        case "sync" if (kind, identity) in named:
            return reverse("admin:console-sync", args=(identity,))
        case "connection" if (kind, identity) in named:
            return reverse("admin:connectors_connection_change", args=(named[kind, identity],))
        case _:
            return ""


def _public_ids(finding: Finding) -> dict[tuple[str, str], int]:
    """(kind, public id) → row id of the finding's company's syncs and connections that are among its causes."""
    found: dict[tuple[str, str], int] = {}
    models: Sequence[tuple[str, type[Sync] | type[Connection]]] = (("sync", Sync), ("connection", Connection))
    for kind, model in models:
        wanted = [each["id"] for each in finding.causes if each["kind"] == kind and _is_uuid(each["id"])]
        if wanted and finding.company_id is not None:
            rows = model.objects.filter(company_id=finding.company_id, public_id__in=wanted)
            found |= {(kind, str(public_id)): pk for public_id, pk in rows.values_list("public_id", "pk")}
    return found


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
