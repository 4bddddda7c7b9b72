"""Merchants are told in words of their own; and the rules that an installation begins with."""

from __future__ import annotations

import re
from importlib import import_module
from string import Formatter

import pytest
from django.apps import apps
from django.utils import translation

from commerce_sync.flow.problem_words import PROBLEMS
from health.alerts.merchant_words import OTHER, WORDS, told
from health.alerts.rhythm import MOST_TRIES, PAUSES, Rhythm, pause_before, tell_at
from health.findings.kinds import KINDS
from health.models import AlertRule, Finding
from tests.health.alert_cast import AT

SPRING = AT.replace(month=3, day=29, hour=0)
MERCHANTS = {code: kind for code, kind in KINDS.items() if kind.turn == "merchant"}


def test_whatever_is_the_merchant_s_turn_is_said_in_the_merchant_s_words() -> None:
    assert MERCHANTS.keys() - WORDS.keys() - PROBLEMS.keys() == set()
    assert WORDS.keys() - KINDS.keys() == set()


@pytest.mark.parametrize("code", WORDS)
def test_the_words_are_filled_in_by_facts_that_the_watch_gives(code: str) -> None:
    kind = KINDS[code]
    facts = {name for text in (kind.sentence, kind.remedy) for _, name, *_ in Formatter().parse(text) if name}
    with translation.override("en"):
        asked = set(re.findall(r"%\((\w+)\)s", f"{WORDS[code].what}{WORDS[code].todo}"))
    assert asked <= facts


def test_amounts_are_money_and_counts_are_not() -> None:
    facts = {"payout": "po_1", "stated": 12300, "received": 12250, "count": 3}
    finding = Finding(code="bank_differs", params=facts, currency="EUR")
    with translation.override("fr"):
        assert "122,50\N{NO-BREAK SPACE}€ au lieu de 123,00\N{NO-BREAK SPACE}€" in told(finding, "fr-fr").what


def test_what_has_no_words_is_still_said() -> None:
    with translation.override("en"):
        assert told(Finding(code="delivery_refused", params={}), "en-us").what == str(OTHER.what)


@pytest.mark.django_db
def test_an_installation_begins_with_rules_that_may_be_changed() -> None:
    AlertRule.objects.all().delete()
    import_module("health.migrations.0004_alerts").make_rules(apps, None)
    found = {rule.name: (rule.audience, rule.role, rule.partner, rule.enabled) for rule in AlertRule.objects.all()}
    assert found == {
        "Support: errors": ("role", "support", None, True),
        "Engineers: the installation": ("role", "engineer", None, True),
        "Merchants: what is theirs to mend": ("merchant", "", None, True),
    }


def test_a_message_that_fails_is_tried_again_ever_later_and_given_up_in_the_end() -> None:
    pauses = [pause_before(tries, 0) for tries in range(1, MOST_TRIES)]
    assert pauses == list(PAUSES[1:])
    assert sorted(PAUSES) == list(PAUSES)
    assert pause_before(MOST_TRIES, 0) is None


@pytest.mark.parametrize(
    ("rhythm", "at", "expected"),
    [
        (Rhythm("at_once", 8, "", (22, 6)), AT.replace(hour=23), AT.replace(day=4, hour=6)),
        (Rhythm("at_once", 8, "", (22, 6)), AT.replace(hour=5), AT.replace(hour=6)),
        (Rhythm("at_once", 8, "", (22, 6)), AT.replace(hour=6), AT.replace(hour=6)),
        (Rhythm("hourly", 8, "", (11, 12)), AT, AT.replace(hour=12)),
        (Rhythm("daily", 8, "Asia/Tokyo", None), AT, AT.replace(hour=23)),
        # In Berlin 02:00 does not exist on this day: the digest of two o'clock comes after the gap.
        (Rhythm("daily", 2, "Europe/Berlin", None), SPRING, SPRING.replace(hour=1)),
    ],
)  # fmt: skip
def test_what_is_told_when(rhythm: Rhythm, at: object, expected: object) -> None:
    assert tell_at(rhythm, at) == expected  # type: ignore[arg-type]
