"""Accounts, customers and tax rates to choose on a page, and what was chosen there. Pure.

A short list is a menu. A long chart of accounts (hundreds, at every field) is typed into, with the browser's own
suggestions from one list per kind of account: it works with a keyboard, without JavaScript and on a telephone, and the
page stays small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from commerce_sync.configuration.fields import NAMED, SUSPENSE, Field, Section, account_of, with_account
from commerce_sync.configuration.known import Known
from commerce_sync.flow_texts import shows_nothing
from connectors.session import Option
from ledger.book import Book

MENU: Final = 60  # so many options are a menu; beyond, one types
_TEXTS: Final[dict[Section, str]] = {
    "sales": "configure-content-sales-accounts-entries",
    "payments": "configure-content-payments-accounts-entries",
    "fees": "configure-content-fees-accounts-entries",
}


# What is asked for whatever the sales have been so far.
_ALWAYS: Final = frozenset({"bank", "tax", "fee", SUSPENSE})


class Entry(NamedTuple):
    """One thing to choose. ``name`` is the form's; ``options`` are (id, label), in a menu or, when ``listed`` names a
    list of the page, typed. ``chosen`` is the id (of a menu) or what is typed. ``path`` is the published field,
    ``key`` is the section and the key of the field. A detail is shown among the further ones. Of a silent one the
    partner shows no label: it is only heard. ``also``: what else goes to this account."""

    name: str
    path: str
    label: str
    reason: str
    required: bool
    chosen: str
    options: Sequence[tuple[str, str]]
    listed: str
    key: str
    problem: str = ""
    is_detail: bool = False
    is_silent: bool = False
    also: Sequence[str] = ()


class Listing(NamedTuple):
    """A list of suggestions that several typed entries of a page share."""

    id: str
    labels: Sequence[str]

    @property
    def options(self) -> SafeString:
        """Its options as HTML. Written here and not by the template's loop: there are thousands."""
        return format_html_join("", '<option value="{}">', ((label,) for label in self.labels))


class Entries(NamedTuple):
    """The entries of a section: those that everybody meets, the further ones, and the lists that they share."""

    plain: list[Entry]
    further: list[Entry]
    lists: list[Listing]

    @property
    def has_further_problem(self) -> bool:
        """Whether something is wrong with one of those that are folded away."""
        return any(entry.problem for entry in self.further)


class Picked(NamedTuple):
    """What a form says: the book with it, and (form name → problem) of what cannot be taken."""

    book: Book
    problems: dict[str, str]


def label_of(option: Option) -> str:
    """How an account is told from others: its code, if it has one, and its name."""
    return f"{option.code} · {option.name}" if option.code and option.code != option.name else option.name


def field_label(field: Field, texts: Mapping[str, str]) -> str:
    """What an account is asked for as: the partner's own text for it, or ours."""
    return _labelled(field, texts)[0]


def fields_of(known: Known, section: Section) -> list[Field]:
    """The accounts that a page of ``section`` asks for. Of two fields for the same account only the first is."""
    found: dict[str, Field] = {}
    for field in known.fields:
        if field.section == section and known.shows(field):
            found.setdefault(field.role, field)
    return list(found.values())


def _labelled(field: Field, texts: Mapping[str, str]) -> tuple[str, bool]:
    """What a field is called, and whether that is only heard: the partner shows nothing there."""
    partners = texts.get(f"{_TEXTS[field.section]}-{field.key}")
    if partners is None or shows_nothing(partners):
        return _(field.label), partners is not None
    return partners, False


def _same_account(known: Known, field: Field) -> list[str]:
    """The keys of the other fields that are about the account of ``field``, which is asked for once."""
    if not field.named:
        return []
    same = (each for each in NAMED if (each.section, each.role) == (field.section, field.role) and each != field)
    return [each.key for each in same if known.shows(each)]


def entries(
    known: Known,
    section: Section,
    texts: Mapping[str, str],
    suggested: Book,
    said: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> Entries:
    """The entries of a section and the lists that they share. ``suggested`` is the book that the reasons are about;
    ``said`` is what a refused form said."""
    lists: dict[tuple[str, ...], Listing] = {}
    found = []
    for field in fields_of(known, section):
        options = known.accounts_for(field)
        name = form_name(field)
        chosen = account_of(known.book, field.role)
        pairs = [(option.id, label_of(option)) for option in options]
        listed = ""
        if len(pairs) > MENU:
            listed = lists.setdefault(
                field.types, Listing(f"accounts-{len(lists) + 1}", [label for _, label in pairs])
            ).id
            chosen = dict(pairs).get(chosen, chosen)
        if said is not None:
            chosen = said.get(name, chosen)
        why = known.reasons.get(field.role)
        is_as_suggested = account_of(known.book, field.role) == account_of(suggested, field.role) != ""
        reason = why.sentence if why and said is None and is_as_suggested else ""
        label, is_silent = _labelled(field, texts)
        also = [texts.get(f"{_TEXTS[section]}-{key}", "") for key in _same_account(known, field)]
        found.append(
            Entry(
                name,
                field.path,
                label,
                reason,
                field.required,
                chosen,
                pairs,
                listed,
                f"{section}:{field.key}",
                (problems or {}).get(name, ""),
                _is_further(field, known),
                is_silent,
                [each for each in also if not shows_nothing(each)],
            )  # fmt: skip
        )
    plain, further = ([each for each in found if each.is_detail is detail] for detail in (False, True))
    return Entries(plain, further, list(lists.values()))


def _is_further(field: Field, known: Known) -> bool:
    """Whether a field is for what only some need, or for what these sales have not had."""
    if field.required or field.role in _ALWAYS:
        return False
    if not field.named:
        return True
    used = (role.partition("@")[0] for role in known.used_roles)
    return bool(known.used_roles) and not any(role == field.role or role.startswith(f"{field.role}:") for role in used)


def picked(known: Known, section: Section, said: Mapping[str, str]) -> Picked:
    """The book of ``known`` with the accounts that a form names; an entry that is not in the form stays."""
    book, problems = known.book, dict[str, str]()
    for field in sorted(fields_of(known, section), key=lambda each: each.role.count(":")):  # the general ones first
        name = form_name(field)
        if name not in said:
            continue
        account = resolve(said[name], known.accounts_for(field))
        if account is None:
            problems[name] = _("“%(said)s” is not in the list. Choose one of the list.") % {"said": said[name][:80]}
        elif account != account_of(known.book, field.role):
            book = with_account(book, field.role, account)
    return Picked(book, problems)


def resolve(said: str, options: Iterable[Option]) -> str | None:
    """The id of what was chosen or typed: an id, a label, a code or a name of one; "" for nothing; None for no such."""
    text = said.strip()
    if not text:
        return ""
    found = list(options)
    if any(option.id == text for option in found):
        return text
    for naming in (label_of, lambda option: option.code, lambda option: option.name):
        same = [option.id for option in found if naming(option).casefold() == text.casefold()]
        if len(same) == 1:
            return same[0]
    return None


def form_name(field: Field) -> str:
    """What the form calls a field."""
    return f"account:{field.key}"


def by_form_name(known: Known, section: Section, problems: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Problems by their published paths, as problems of the entries of a page; those of other pages are left out."""
    names = {field.path: form_name(field) for field in fields_of(known, section)}
    return {names[path]: sentence for path, sentence in problems if path in names}
