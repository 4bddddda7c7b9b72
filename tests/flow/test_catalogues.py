"""English, and both kinds of French, are complete; and no page of a French merchant's speaks English."""

from __future__ import annotations

import datetime
import re

import polib
import pytest
from django.utils import translation
from django.utils.formats import date_format, time_format

from commerce_sync.configuration.fields import NAMED, detail_field
from commerce_sync.configuration.role_names import HEADS, role_name
from commerce_sync.flow import problem_words
from commerce_sync.flow.locales import LANGUAGES
from tests import catalogues
from tests.catalogues import LOCALES, Text, catalogue, in_python, in_template, path_of, placeholders, text_of

NARROW, NO_BREAK = "\N{NARROW NO-BREAK SPACE}", "\N{NO-BREAK SPACE}"
REFRESH = "run: python -m tests.catalogues, and translate what it names"


def said(entry: polib.POEntry) -> list[str]:
    """All that an entry says in its language."""
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_of_the_sources_is_in_the_catalogue_and_nothing_else(locale: str) -> None:
    entries = list(catalogue(locale))
    assert not [entry.msgid for entry in entries if entry.obsolete], REFRESH
    assert {text_of(entry) for entry in entries} == set(catalogues.texts()), REFRESH


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_translated_by_a_person_who_was_sure(locale: str) -> None:
    for entry in catalogue(locale):
        assert not entry.fuzzy, entry.msgid
        assert all(text.strip() for text in said(entry)), entry.msgid
        assert len(said(entry)) == (2 if entry.msgid_plural else 1), entry.msgid


@pytest.mark.parametrize("locale", LOCALES)
def test_translations_are_filled_in_where_the_originals_are(locale: str) -> None:
    for entry in catalogue(locale):
        wanted = text_of(entry).placeholders
        found = set().union(*(placeholders(text) for text in said(entry)))
        assert found == wanted, entry.msgid
        for text in said(entry):
            assert text.replace("%%", "").count("%(") == len(re.findall(r"%\(\w+\)s", text)), entry.msgid


@pytest.mark.parametrize("locale", LOCALES)
def test_what_is_compiled_is_what_is_written(locale: str) -> None:
    compiled = path_of(locale).with_suffix(".mo")
    assert compiled.read_bytes() == catalogue(locale).to_binary(), REFRESH


# What stands before a sign that ends a part of a sentence.
BEFORE = {"fr": dict.fromkeys(";:!?", NARROW), "fr_CA": {";": "", ":": NO_BREAK, "!": "", "?": ""}}


@pytest.mark.parametrize("locale", LOCALES)
def test_signs_are_set_as_the_country_sets_them(locale: str) -> None:
    for entry in catalogue(locale):
        for text in said(entry):
            assert not set("'“”") & set(text), text
            assert all(NO_BREAK in pair for pair in re.findall(r"«.|.»", text)), text
            for before, sign in re.findall(r"(\s?)([;:!?])(?=\s|$)", text):
                assert before == BEFORE[locale][sign], text


@pytest.mark.parametrize("language", ["fr", "fr-ca"])
def test_nothing_and_one_are_singular_in_french(language: str) -> None:
    one = "One thing is not right yet. Nothing was saved."
    more = "%(number)s things are not right yet. Nothing was saved."
    with translation.override(language):
        assert translation.ngettext(one, more, 0) == translation.ngettext(one, more, 1)
        assert translation.ngettext(one, more, 2) != translation.ngettext(one, more, 1)


def test_the_parsers_find_what_is_said_in_every_way() -> None:
    python = (
        "from django.utils.translation import gettext as _, ngettext_lazy as many, pgettext, gettext_noop\n"
        '_("a" "b"); many("one", "%(n)s", 2); pgettext("where", "c"); gettext_noop("d"); _(name); other("e")\n'
    )
    assert set(in_python(python)) == {Text("ab"), Text("one", "%(n)s"), Text("c", "", "where"), Text("d")}
    template = (
        '{% load i18n %}{% translate "a" %} {% translate \'b\' context "where" %} {{ _("c") }} <p>text("no")</p>'
        "{% blocktranslate count n=x %}One {{ y }}{% plural %}{{ n }} of 5%{% endblocktranslate %}"
    )
    assert set(in_template(template)) == {
        Text("a"),
        Text("b", "", "where"),
        Text("c"),
        Text("One %(y)s", "%(n)s of 5%%"),
    }


@pytest.mark.parametrize("language", ["fr", "fr-ca"])
def test_roles_have_names_in_french(language: str) -> None:
    english = {head: role_name(head) for head in HEADS}
    with translation.override(language):
        same = {head for head in HEADS if role_name(head) == english[head]}
        assert not same
        assert role_name("fee:chargeback@EUR").startswith(f"Frais{NARROW if language == 'fr' else NO_BREAK}: ")
        assert role_name("tender:card:Visa").endswith("carte, Visa")


def test_what_is_published_stays_english() -> None:
    assert role_name("fee:chargeback") == "Fees: chargeback"
    assert role_name("tender:card:Visa@EUR") == "Payments: card, Visa (EUR)"
    assert role_name("sales:Food_and:drink") == "Sales: Food_and, drink"
    assert role_name("something_new") == "Something new"
    assert all(field.label for field in NAMED)
    found = detail_field("rounding:cash")
    assert found is not None
    assert found.label == "Rounding: cash"


def test_facts_of_a_problem_are_in_the_language_of_the_page() -> None:
    with translation.override("fr"):
        told = problem_words.told("date_moved", {"locked": "2026-02-28", "posted": "2026-03-01"}, "fr-fr")
        assert told is not None
        assert "28 février 2026" in told.what
        told = problem_words.told("posted_to_suspense", {"role": "tender:cash", "amount": "1,234.50"}, "fr-fr")
        assert told is not None
        assert f"1{NARROW}234,50" in told.what
        assert "espèces" in told.what
        told = problem_words.told("unmapped_role", {"role": "2026-99-99"}, "fr-fr")
        assert told is not None


@pytest.mark.parametrize(
    ("locale", "day", "hour"),
    [
        ("en-us", "March 1, 2026", "1:40 p.m."),
        ("fr-fr", "1 mars 2026", "13:40"),
        ("fr-ca", "1 mars 2026", f"13{NO_BREAK}h{NO_BREAK}40"),
    ],
)
def test_days_and_hours_are_written_as_the_country_writes_them(locale: str, day: str, hour: str) -> None:
    with translation.override(LANGUAGES[locale]):
        assert date_format(datetime.date(2026, 3, 1)) == day
        assert time_format(datetime.time(13, 40)) == hour


def test_templates_say_nothing_that_is_not_translated() -> None:
    """Of a page's template, without what is translated and what is filled in, no word is left."""
    left = {}
    for path in sorted((catalogues.PROJECT / "templates" / "flow").rglob("*.html")):
        text = re.sub(r"{% block layout %}.*?{% endblock %}", "", path.read_text())  # the name of a style
        text = re.sub(r"{% blocktranslate.*?{% endblocktranslate %}", "", text, flags=re.S)
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", text, flags=re.S)
        told = re.findall(r"\b(?:aria-label|placeholder|title|alt)=\"([^\"]*)\"", text)
        words = re.findall(r"[^\W\d_]{2,}", " ".join([*told, re.sub(r"<[^>]*>", " ", text, flags=re.S)]))
        if words:
            left[path.name] = words
    assert not left
