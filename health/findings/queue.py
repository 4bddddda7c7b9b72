"""The queue of findings: what is asked to be seen of it, by itself or grouped by root cause.

Nothing here counts all there is: a group's figures are those of the newest `MOST_GROUPED` findings that are asked for,
and it is said when there are more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from django.db.models import Case, Count, F, IntegerField, Max, Min, Q, QuerySet, Sum, Value, When
from msgspec import Struct

from health.findings.kinds import KINDS, SEVERITIES, Kind
from health.models import Finding
from ledger.money import format_money
from ledger.services import now

MOST_GROUPED: Final = 10_000
PAGE: Final = 50
RESOLVED_FOR: Final = timedelta(days=30)  # what was resolved longer ago is found at its company, or by its id

State = Literal["open", "assigned", "ignored", "resolved", "all"]
Who = Literal["", "mine", "nobody", "escalated"]

# How old a finding is, in words: (name, words, from, to) in days.
AGES: Final[tuple[tuple[str, str, int, int | None], ...]] = (
    ("day", "less than a day", 0, 1),
    ("days", "1 to 3 days", 1, 3),
    ("week", "3 to 7 days", 3, 7),
    ("old", "more than 7 days", 7, None),
)


class Asked(Struct, frozen=True):
    """What to see. "" and None: whatever it is. ``state`` open: taken by somebody or not; all: resolved ones too."""

    state: State = "open"
    who: Who = ""
    partner: int | None = None
    companies: tuple[int, ...] | None = None
    code: str = ""
    area: str = ""
    severity: str = ""
    turn: str = ""
    age: str = ""


class Counts(Struct, frozen=True):
    """How many findings: (severity, count) of each severity, (name, words, count) of each age."""

    severities: tuple[tuple[str, int], ...]
    ages: tuple[tuple[str, str, int], ...]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(count for _, count in self.severities)


class Group(Struct, frozen=True):
    """Findings of one root cause. ``amounts`` are formatted, one a currency; ``one`` is the oldest of them."""

    one: Finding
    count: int
    companies: int
    unassigned: int
    oldest: datetime
    severity: str
    escalated_at: datetime | None
    amounts: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """Its entry in the catalog."""
        return self.one.kind


def narrowed(rows: QuerySet[Finding], asked: Asked, user_id: int | None) -> QuerySet[Finding]:
    """Those of ``rows`` that are asked for; ``user_id`` is who asks."""
    return rows.filter(_state(asked), _who(asked, user_id), _kind(asked), _place(asked), _age(asked))


def _state(asked: Asked) -> Q:
    match asked.state:
        case "open":
            return Q(resolved_at=None, state__in=("open", "assigned"))
        case "resolved":
            return Q(resolved_at__gte=now() - RESOLVED_FOR)
        case "all":
            return Q(resolved_at=None) | Q(resolved_at__gte=now() - RESOLVED_FOR)
        case state:
            return Q(resolved_at=None, state=state)


def _who(asked: Asked, user_id: int | None) -> Q:
    match asked.who:
        case "mine":
            return Q(assignee_id=user_id)
        case "nobody":
            return Q(assigned_to="")
        case "escalated":
            return Q(escalated_at__isnull=False)
        case _:
            return Q()


def _kind(asked: Asked) -> Q:
    wanted = Q()
    if asked.code:
        wanted &= Q(code=asked.code)
    if asked.area:
        wanted &= Q(code__in=[code for code, kind in KINDS.items() if kind.area == asked.area])
    if asked.severity:
        wanted &= Q(severity=asked.severity)
    return wanted & Q(turn=asked.turn) if asked.turn else wanted


def _place(asked: Asked) -> Q:
    wanted = Q() if asked.partner is None else Q(partner_id=asked.partner)
    return wanted if asked.companies is None else wanted & Q(company_id__in=asked.companies)


def _age(asked: Asked) -> Q:
    found = next((each for each in AGES if each[0] == asked.age), None)
    if found is None:
        return Q()
    _, _, least, most = found
    return _aged(now(), least, most)


def _aged(at: datetime, least: int, most: int | None) -> Q:
    """Open for at least ``least`` days, and less than ``most``."""
    wanted = Q(opened_at__lte=at - timedelta(days=least))
    return wanted if most is None else wanted & Q(opened_at__gt=at - timedelta(days=most))


def grouped(rows: QuerySet[Finding], page: int) -> tuple[list[Group], bool]:
    """A page of ``rows`` by root cause, what was passed up and what is gravest first, then the oldest; and whether
    there is a page after it."""
    begin = (page - 1) * PAGE
    found: list[Any] = list(
        _newest(rows)
        .values("code", "root")
        .annotate(
            count=Count("pk"),
            companies=Count("company", distinct=True),
            unassigned=Count("pk", filter=Q(assigned_to="")),
            oldest=Min("opened_at"),
            one=Min("pk"),
            worst=Min(_rank()),
            passed_up=Max("escalated_at"),
        )
        .order_by(F("passed_up").asc(nulls_last=True), "worst", "oldest", "one")[begin : begin + PAGE + 1]
    )
    shown, more = found[:PAGE], len(found) > PAGE
    ones = Finding.objects.select_related("company__partner", "partner").in_bulk([each["one"] for each in shown])
    amounts = _amounts(rows, shown)
    groups = [
        Group(
            one=ones[each["one"]],
            count=each["count"],
            companies=each["companies"],
            unassigned=each["unassigned"],
            oldest=each["oldest"],
            severity=SEVERITIES[each["worst"]],
            escalated_at=each["passed_up"],
            amounts=amounts.get((each["code"], each["root"]), ()),
        )
        for each in shown
    ]
    return groups, more


def counted(rows: QuerySet[Finding]) -> Counts:
    """How many of ``rows`` there are, of the newest `MOST_GROUPED`."""
    at = now()
    wanted: dict[str, Q] = {f"severity_{each}": Q(severity=each) for each in SEVERITIES}
    wanted |= {f"age_{name}": _aged(at, least, most) for name, _, least, most in AGES}
    found = _newest(rows).aggregate(**{name: Count("pk", filter=each) for name, each in wanted.items()})
    return Counts(
        severities=tuple((each, found[f"severity_{each}"]) for each in SEVERITIES),
        ages=tuple((name, words, found[f"age_{name}"]) for name, words, *_ in AGES),
    )


def one_by_one(rows: QuerySet[Finding], page: int) -> tuple[list[Finding], bool]:
    """A page of ``rows``, the newest first; and whether there is a page after it."""
    begin = (page - 1) * PAGE
    found = list(rows.select_related("company__partner", "partner").order_by("-pk")[begin : begin + PAGE + 1])
    return found[:PAGE], len(found) > PAGE


def of_group(rows: QuerySet[Finding], code: str, root: str) -> QuerySet[Finding]:
    """Those of one root cause."""
    return rows.filter(code=code, root=root)


def _newest(rows: QuerySet[Finding]) -> QuerySet[Finding]:
    return Finding.objects.filter(pk__in=rows.order_by("-pk").values("pk")[:MOST_GROUPED])


def _rank() -> Case:
    ranks = [When(severity=severity, then=Value(n)) for n, severity in enumerate(SEVERITIES)]
    return Case(*ranks, default=Value(len(SEVERITIES) - 1), output_field=IntegerField())


def _amounts(rows: QuerySet[Finding], shown: Sequence[Any]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Code and root → the sums of the findings' amounts, one for each currency."""
    if not shown:
        return {}
    own = _newest(rows).filter(code__in={each["code"] for each in shown}, root__in={each["root"] for each in shown})
    sums = own.filter(amount__isnull=False).exclude(currency="").order_by("code", "root", "currency")
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for code, root, currency, total in sums.values_list("code", "root", "currency").annotate(total=Sum("amount")):
        found[code, root] = (*found.get((code, root), ()), format_money(int(total), currency))
    return found
