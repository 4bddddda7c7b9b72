"""What the address of the queue asks for, and the choices that its form offers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, cast
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Lower
from django.http import QueryDict

from health.console.page import Console
from health.findings.kinds import KINDS, SEVERITIES
from health.findings.queue import AGES, Asked, State, Who
from ledger.models import Partner

MOST_COMPANIES: Final = 100  # that one name begins with
MOST_PARTNERS: Final = 500  # in the form
LAST_PAGE: Final = 200

STATES: Final = (
    ("open", "open"), ("assigned", "somebody is at it"), ("ignored", "ignored"),
    ("resolved", "resolved lately"), ("all", "all"),
)  # fmt: skip
WHO: Final = (("", "everybody’s"), ("mine", "mine"), ("nobody", "nobody’s"), ("escalated", "passed up"))
TURNS: Final = ("merchant", "partner", "support", "nobody")
VIEWS: Final = (("causes", "by root cause"), ("each", "one by one"))
AREAS: Final = tuple(dict.fromkeys(kind.area for kind in KINDS.values()))


class Choice(NamedTuple):
    """One field of the form: its name, its label, what can be chosen (value, words), and what is."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]
    chosen: str


class Filters(NamedTuple):
    """The queue as it is asked for. ``company`` is what was typed; ``is_unknown``: no company is called so."""

    asked: Asked
    view: str
    page: int
    company: str
    is_unknown: bool
    choices: Sequence[Choice]

    @property
    def is_narrow(self) -> bool:
        """Whether something is asked for that only the longer form shows."""
        asked = self.asked
        return bool(asked.partner or asked.code or asked.area or asked.severity or asked.turn or asked.age)


def read(console: Console) -> Filters:
    """The filters of this request; what is no choice is as if it were not said."""
    said = console.request.GET
    company = said.get("company", "").strip()[:200]
    ids = _companies(console, company) if company else None
    partners = _partners(console)
    state, who = _one(said, "state", dict(STATES)) or "open", _one(said, "who", dict(WHO))
    partner = _one(said, "partner", dict(partners))
    asked = Asked(
        state=cast(State, state),
        who=cast(Who, who),
        partner=int(partner) if partner else None,
        companies=ids,
        code=_one(said, "code", KINDS),
        area=_one(said, "area", AREAS),
        severity=_one(said, "severity", SEVERITIES),
        turn=_one(said, "turn", TURNS),
        age=_one(said, "age", [each[0] for each in AGES]),
    )
    page = said.get("page", "1")
    number = int(page) if page.isascii() and page.isdigit() and 0 < len(page) < 5 else 1
    view = _one(said, "view", dict(VIEWS)) or VIEWS[0][0]
    choices = _choices(asked, view, partners)
    return Filters(asked, view, min(max(number, 1), LAST_PAGE), company, ids == (), choices)


def _one(said: QueryDict, name: str, known: object) -> str:
    value = said.get(name, "")
    return value if value in known else ""  # type: ignore[operator]  # a mapping or a sequence of texts


def _companies(console: Console, said: str) -> tuple[int, ...]:
    """The companies that are meant by an id or by how their name begins."""
    try:
        wanted = Q(public_id=UUID(said))
    except ValueError:
        wanted = Q(lowered__startswith=said.replace("\0", "").lower())  # as the index of names is kept
    rows = console.companies().alias(lowered=Lower("name"))
    return tuple(rows.filter(wanted).order_by("pk").values_list("pk", flat=True)[:MOST_COMPANIES])


def _partners(console: Console) -> Sequence[tuple[str, str]]:
    """Those among whom one of ours can choose."""
    if console.partner_id is not None:
        return ()
    rows = Partner.objects.order_by("name").values_list("pk", "name")[:MOST_PARTNERS]
    return [(str(pk), name) for pk, name in rows]


def _choices(asked: Asked, view: str, partners: Sequence[tuple[str, str]]) -> list[Choice]:
    anything = ("", "any")
    codes = sorted(((code, kind.title) for code, kind in KINDS.items()), key=lambda each: each[1])
    found = [
        Choice("state", "State", STATES, asked.state),
        Choice("who", "Whose", WHO, asked.who),
        Choice("severity", "Severity", (anything, *((each, each) for each in SEVERITIES)), asked.severity),
        Choice("turn", "Whose turn", (anything, *((each, each) for each in TURNS)), asked.turn),
        Choice("age", "Age", (anything, *((name, words) for name, words, *_ in AGES)), asked.age),
        Choice("area", "Area", (anything, *((each, each) for each in AREAS)), asked.area),
        Choice("code", "What", (anything, *codes), asked.code),
        Choice("view", "Shown", VIEWS, view),
    ]
    if len(partners) > 1:
        chosen = str(asked.partner) if asked.partner is not None else ""
        found.insert(2, Choice("partner", "Partner", (anything, *partners), chosen))
    return found
