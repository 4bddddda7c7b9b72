"""How two books, and two rhythms of syncs, differ, in words: names of accounts and not their ids. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, time
from typing import Final, NamedTuple

from django.utils.formats import date_format, time_format
from django.utils.translation import gettext as _

from commerce_sync.configuration.fields import NAMED, Field, detail_field
from commerce_sync.configuration.known import Plan, Rate
from commerce_sync.flow.choosing import field_label, label_of
from commerce_sync.flow.keeping import MODES
from commerce_sync.flow.policy_words import LABELS, is_of_fees, position
from commerce_sync.flow.schedule import FREQUENCIES
from commerce_sync.flow.stages import STAGES, Key, Stage
from connectors.session import Option
from ledger.book import Book, TaxCode, Tracking

LONGEST: Final = 300  # characters of one value
_FIELDS: Final[dict[str, Field]] = {field.role: field for field in reversed(NAMED)}


class Names(NamedTuple):
    """What things are called: ``options`` by kind and id, ``rates`` by tax treatment, ``texts`` by published key."""

    options: Mapping[tuple[str, str], str]
    rates: Mapping[str, str]
    texts: Mapping[str, str]

    def option(self, kind: str, identity: str) -> str:
        """The name of what was chosen; the id of what is known no more."""
        return self.options.get((kind, identity), identity) if identity else _("Not chosen")


class Difference(NamedTuple):
    """One choice that differs: the stage that it is made on, what it is called, and both answers."""

    stage: Key
    label: str
    before: str
    after: str


class Group(NamedTuple):
    """What differs of one stage."""

    stage: Stage
    rows: list[Difference]


def grouped(found: Iterable[Difference]) -> list[Group]:
    """Differences by their stages, in the order of these."""
    rows = list(found)
    groups = [Group(stage, [row for row in rows if row.stage == stage.key]) for stage in STAGES]
    return [group for group in groups if group.rows]


def names_of(options: Iterable[Option], rates: Iterable[Rate], texts: Mapping[str, str]) -> Names:
    """What things of a company are called, those that cannot be chosen any more among them."""
    named = {(option.kind, option.id): label_of(option) for option in options}
    return Names(named, {rate.tax: rate.name or rate.tax for rate in rates}, texts)


def differences(before: Book, after: Book, names: Names) -> list[Difference]:
    """What differs."""
    return [
        *_keeping(before, after, names),
        *_accounts(before, after, names),
        *_tax_codes(before, after, names),
        *_policy(before, after),
        *_tracking(before, after),
        *_days(before, after),
    ]


def plan_differences(before: Plan, after: Plan) -> list[Difference]:
    """What differs of the rhythm; the clock is told with the book's days."""
    found = []
    if before.frequency != after.frequency:
        words = [str(FREQUENCIES[plan.frequency][0]) for plan in (before, after)]
        found.append(Difference("schedule", _("How often"), *words))
    if before.hour != after.hour:
        found.append(Difference("schedule", _("Hour of the day"), _hour(before.hour), _hour(after.hour)))
    if before.day_of_month != after.day_of_month:
        days = str(before.day_of_month), str(after.day_of_month)
        found.append(Difference("schedule", _("Day of the month"), *days))
    return found


def _keeping(before: Book, after: Book, names: Names) -> Iterator[Difference]:
    if before.mode != after.mode:
        label = _("How your sales come into your books")
        yield Difference("sales", label, str(MODES[before.mode][0]), str(MODES[after.mode][0]))
    if before.customer != after.customer:
        both = [names.option("customer", book.customer) for book in (before, after)]
        yield Difference("sales", _("Customer whom the sales are invoiced to"), *both)
    if before.supplier != after.supplier:
        both = [names.option("supplier", book.supplier) for book in (before, after)]
        yield Difference("fees", _("Supplier who bills the fees"), *both)
    if before.suspense != after.suspense:
        both = [names.option("account", book.suspense) for book in (before, after)]
        yield Difference("sales", field_label(_FIELDS["suspense"], names.texts), *both)


def _accounts(before: Book, after: Book, names: Names) -> Iterator[Difference]:
    own = f"@{before.currency}"
    old, new = (
        {role.removesuffix(own): account for role, account in sorted(book.accounts.items())} for book in (before, after)
    )
    for role in sorted(old.keys() | new.keys()):
        if old.get(role) == new.get(role):
            continue
        field = _FIELDS.get(role) or detail_field(role)
        label = field_label(field, names.texts) if field else role
        both = [names.option("account", accounts.get(role, "")) for accounts in (old, new)]
        yield Difference(field.section if field else "sales", label, *both)


def _tax_codes(before: Book, after: Book, names: Names) -> Iterator[Difference]:
    old, new = ({_begins(code): code.code for code in book.tax_codes} for book in (before, after))
    for tax, day in sorted(old.keys() | new.keys()):
        if old.get((tax, day)) == new.get((tax, day)):
            continue
        rate = names.rates.get(tax, tax)
        label = _("Tax rate %(rate)s") % {"rate": rate}
        if day != date.min:
            label = _("Tax rate %(rate)s from %(day)s") % {"rate": rate, "day": date_format(day, "DATE_FORMAT")}
        yield Difference("sales", label, *(names.option("tax_rate", codes.get((tax, day), "")) for codes in (old, new)))


def _begins(code: TaxCode) -> tuple[str, date]:
    return code.tax, code.from_day


def _policy(before: Book, after: Book) -> Iterator[Difference]:
    for switch in before.policy.__struct_fields__:
        old, new = getattr(before.policy, switch), getattr(after.policy, switch)
        if old != new:
            stage: Key = "fees" if is_of_fees(switch) else "sales"
            yield Difference(stage, str(LABELS[switch]), position(switch, old), position(switch, new))


def _tracking(before: Book, after: Book) -> Iterator[Difference]:
    old, new = ({each.dimension: each for each in book.tracking} for book in (before, after))
    for dimension in sorted(old.keys() | new.keys()):
        if old.get(dimension) != new.get(dimension):
            yield Difference("sales", dimension, _tracked(old.get(dimension)), _tracked(new.get(dimension)))


def _tracked(found: Tracking | None) -> str:
    if found is None:
        return _("Not chosen")
    return ", ".join(f"{ours} → {theirs}" for ours, theirs in sorted(found.options.items()))[:LONGEST]


def _days(before: Book, after: Book) -> Iterator[Difference]:
    if before.start_on != after.start_on:
        both = [date_format(day, "DATE_FORMAT") if day else _("From the beginning") for day in _starts(before, after)]
        yield Difference("schedule", _("First day"), *both)
    if before.days != after.days:
        yield Difference("schedule", _("The clock by which your days end"), _clock(before), _clock(after))


def _starts(before: Book, after: Book) -> tuple[date | None, date | None]:
    return before.start_on, after.start_on


def _hour(hour: int) -> str:
    return time_format(time(hour))


def _clock(book: Book) -> str:
    last = book.days[-1]
    facts = {"zone": last.zone, "hour": _hour(last.cutoff_hour), "day": date_format(last.from_day, "DATE_FORMAT")}
    if len(book.days) > 1:
        return _("%(hour)s in %(zone)s, from %(day)s on") % facts
    return _("%(hour)s in %(zone)s") % facts
