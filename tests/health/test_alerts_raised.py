"""What is told to whom and when: once while it lasts, once when it is over, and in between only what is worse."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from health.alerts.errand import raise_next
from health.models import Alarm, Alert, AlertRule, CompanyContact, Finding
from tests.api.cast import make_company, make_partner
from tests.health.alert_cast import AT, a_contact, a_finding, a_person, a_rule, is_over, told

pytestmark = pytest.mark.django_db
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture(autouse=True)
def _no_rules_of_ours(db: None) -> None:
    AlertRule.objects.all().delete()


def subjects(alerts: list[Alert]) -> list[str]:
    return [alert.subject for alert in alerts]


def test_a_finding_is_told_once_and_its_end_once() -> None:
    a_rule()
    finding = a_finding(make_company(make_partner()))
    assert subjects(told()) == ["The outcome of a delivery is not known (Rose & Crown)"]
    assert told(AT + HOUR) == []
    is_over(finding, at=AT + HOUR)
    assert subjects(told(AT + 2 * HOUR)) == ["Over: The outcome of a delivery is not known (Rose & Crown)"]
    assert told(AT + 3 * HOUR) == []


def test_one_cause_at_many_companies_is_one_alert_that_ends_with_the_last_of_them() -> None:
    a_rule()
    partner = make_partner()
    findings = [a_finding(make_company(partner, f"Shop {n}"), "sync_failing", root="square down") for n in range(5)]
    assert subjects(told()) == ["Syncs fail (5 findings)"]
    is_over(*findings[:4])
    assert told(AT + HOUR) == []
    findings.append(a_finding(make_company(partner, "Late"), "sync_failing", root="square down"))
    assert told(AT + HOUR) == []
    is_over(*findings)
    assert subjects(told(AT + 2 * HOUR)) == ["Over: Syncs fail (2 findings)"]


def test_what_comes_at_one_time_is_one_message() -> None:
    a_rule()
    shop = make_company(make_partner())
    for _ in range(25):
        a_finding(shop)
    [alert] = told()
    assert alert.subject == "Findings: 25 new"
    assert "and 5 more." in alert.text
    assert len(alert.alarms) == 20
    assert not Alarm.objects.exclude(news="").exists()
    assert told(AT + HOUR) == []


def test_what_comes_back_within_the_calm_is_the_same_alarm() -> None:
    a_rule(calm_minutes=10)
    shop = make_company(make_partner())
    finding = a_finding(shop, root="flaps")
    assert len(told()) == 1
    is_over(finding)
    assert told(AT + MINUTE) == []
    again = a_finding(shop, root="flaps")
    assert told(AT + 5 * MINUTE) == []
    is_over(again)
    assert told(AT + 20 * MINUTE) == []
    assert [alert.what for alert in told(AT + 31 * MINUTE)] == ["recovered"]


def test_what_is_back_after_it_was_over_is_told_anew() -> None:
    a_rule()
    shop = make_company(make_partner())
    is_over(a_finding(shop, root="again"))
    assert told() == []
    finding = a_finding(shop, root="again")
    assert [alert.what for alert in told()] == ["opened"]
    is_over(finding)
    assert [alert.what for alert in told()] == ["recovered"]
    a_finding(shop, root="again")
    assert [alert.what for alert in told()] == ["opened"]


def test_what_is_escalated_or_gets_graver_is_told_once_more() -> None:
    a_rule(least_severity="warning")
    shop = make_company(make_partner())
    finding = a_finding(shop, severity="warning")
    assert len(told()) == 1
    Finding.objects.filter(pk=finding.pk).update(escalated_at=AT + MINUTE)
    [alert] = told(AT + 2 * MINUTE)
    assert alert.what == "escalated"
    assert alert.subject == "Escalated: The outcome of a delivery is not known (Rose & Crown)"
    assert told(AT + 3 * MINUTE) == []
    Finding.objects.filter(pk=finding.pk).update(severity="error")
    assert [alert.what for alert in told(AT + 4 * MINUTE)] == ["escalated"]
    assert told(AT + 5 * MINUTE) == []


def test_what_a_person_ignored_ends_without_a_word() -> None:
    a_rule()
    finding = a_finding(make_company(make_partner()))
    told()
    Finding.objects.filter(pk=finding.pk).update(state="ignored", reason="known")
    assert told(AT + HOUR) == []
    assert Alarm.objects.get().over_at is not None
    Finding.objects.filter(pk=finding.pk).update(state="open", reason="")
    assert [alert.what for alert in told(AT + 2 * HOUR)] == ["opened"]


def test_what_is_outside_of_a_changed_rule_has_not_recovered() -> None:
    rule = a_rule()
    a_finding(make_company(make_partner()))
    told()
    AlertRule.objects.filter(pk=rule.pk).update(codes=["record_twice"])
    assert told(AT + HOUR) == []


def test_a_rule_tells_of_its_codes_areas_turns_and_severities_only() -> None:
    a_rule(codes=["record_twice"], areas=["installation"], turns=["support"])
    shop = make_company(make_partner())
    a_finding(shop)
    a_finding(shop, "record_twice")
    a_finding(shop, "record_twice", turn="merchant")
    a_finding(shop, "record_twice", severity="warning")
    a_finding(None, "workers_gone")
    told()
    assert set(Alarm.objects.values_list("code", flat=True)) == {"record_twice", "workers_gone"}
    assert Alarm.objects.count() == 2


@pytest.mark.parametrize(
    ("threshold", "short", "enough"),
    [
        ({"least_count": 3}, 2, 3),
        ({"least_amount": 900}, 2, 3),
    ],
)
def test_a_threshold_is_reached_by_the_whole_group(threshold: dict[str, int], short: int, enough: int) -> None:
    a_rule(**threshold)
    partner = make_partner()
    for number in range(short):
        a_finding(make_company(partner, f"S{number}"), root="one", amount=-300, currency="GBP")
    a_finding(make_company(partner, "euros"), root="other", amount=300, currency="EUR")
    assert told() == []
    for number in range(short, enough):
        a_finding(make_company(partner, f"S{number}"), root="one", amount=-300, currency="GBP")
    assert len(told(AT + MINUTE)) == 1


def test_amounts_of_two_currencies_are_never_added() -> None:
    a_rule(least_amount=500)
    shop = make_company(make_partner())
    a_finding(shop, root="one", amount=300, currency="GBP")
    a_finding(shop, root="one", amount=300, currency="EUR")
    assert told() == []


def test_a_rule_may_wait_until_a_finding_has_some_age() -> None:
    a_rule(least_age_minutes=30)
    a_finding(make_company(make_partner()))
    assert told(AT + 29 * MINUTE) == []
    assert len(told(AT + 30 * MINUTE)) == 1


def test_a_daily_digest_comes_at_its_hour_and_says_what_is_new_over_and_still_there() -> None:
    a_rule(digest="daily", hour=8, zone="Europe/Paris")  # 07:00 UTC in winter
    shop = make_company(make_partner())
    first, _ = a_finding(shop), a_finding(shop)
    assert told() == []
    morning = AT.replace(day=4, hour=7)
    assert told(morning - MINUTE) == []
    [alert] = told(morning)
    assert (alert.what, alert.subject) == ("digest", "Findings: 2 new")
    assert told(morning + HOUR) == []
    is_over(first)
    told(morning + 2 * HOUR)
    [alert] = told(morning + 24 * HOUR)
    assert alert.subject == "Findings: 1 over, 1 still open"
    passing = a_finding(shop)
    told(morning + 25 * HOUR)
    is_over(passing)
    told(morning + 26 * HOUR)
    [alert] = told(morning + 48 * HOUR)
    assert alert.subject == "Findings: 1 still open"  # what came and went between two digests is no news


def test_an_hourly_digest_tells_news_only() -> None:
    a_rule(digest="hourly")
    a_finding(make_company(make_partner()), at=AT)
    assert told(AT + MINUTE) == []
    assert len(told(AT + HOUR)) == 1
    assert told(AT + 2 * HOUR) == []


def test_in_quiet_hours_nothing_is_sent_and_nothing_is_lost() -> None:
    a_rule(quiet_from=9, quiet_until=11)
    a_finding(make_company(make_partner()))
    assert told(AT) == []
    assert told(AT + 59 * MINUTE) == []
    assert len(told(AT + HOUR)) == 1


def test_people_are_told_by_role_and_partner() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    a_person("support", name="ours")
    a_person("engineer", name="engineer")
    a_person("support", own, name="theirs")
    a_person("support", other, name="others")
    a_rule(name="ours", audience="role", role="support")
    a_rule(name="partners", audience="partner")
    a_rule(own, name="own", audience="addresses", addresses=["list@own.example"])
    a_finding(make_company(own))
    a_finding(None, "workers_gone")
    found = {(alert.rule.name, alert.address, alert.subject) for alert in told() if alert.rule}
    assert found == {
        ("ours", "ours@example.com", "Findings: 2 new"),
        ("partners", "theirs@example.com", "The outcome of a delivery is not known (Rose & Crown)"),
        ("own", "list@own.example", "The outcome of a delivery is not known (Rose & Crown)"),
    }


def test_what_nobody_could_be_told_of_is_told_once_there_is_somebody() -> None:
    a_rule(audience="role", role="support")
    a_finding(make_company(make_partner()))
    assert told() == []
    a_person("support")
    assert [alert.address for alert in told(AT + HOUR)] == ["sam@example.com"]


def test_a_merchant_hears_of_what_is_the_merchant_s_to_mend_and_of_nothing_else() -> None:
    a_rule(audience="merchant", least_severity="warning")
    shop, silent = make_company(make_partner(), "Bell & Crumb"), make_company(make_partner("Other"), "Silent")
    a_contact(shop)
    for code in ("delivery_unknown", "connection_lost"):
        a_finding(shop, code, root="same")
    a_finding(shop, "delivery_refused", turn="support")
    a_finding(silent, "connection_lost", root="same")
    a_finding(None, "workers_gone")
    [alert] = told()
    assert (alert.address, alert.company) == ("owner@shop.example", shop)
    assert alert.subject.startswith("Bell & Crumb: Square no longer lets us in.")
    assert "delivery" not in alert.text
    a_finding(shop, "connection_lost", root="same", subject="of support", turn="support")
    assert told(AT + HOUR) == []


def test_what_turns_to_support_is_no_recovery_for_the_merchant() -> None:
    a_rule(audience="merchant")
    shop = make_company(make_partner())
    a_contact(shop)
    finding = a_finding(shop, "connection_lost")
    assert len(told()) == 1
    Finding.objects.filter(pk=finding.pk).update(turn="support")
    assert told(AT + HOUR) == []


@pytest.mark.parametrize(
    ("locale", "subject", "todo"),
    [
        ("en-us", "Shop: A payout of Square is late.", "Look at Square whether your payouts are on hold."),
        ("fr-fr", "Shop: Un versement de Square est en retard.", "Vérifiez chez Square"),
        ("fr-ca", "Shop: Un dépôt de Square est en retard.", "Vérifiez auprès de Square"),
    ],
)
def test_a_merchant_reads_it_in_the_merchant_s_language(locale: str, subject: str, todo: str) -> None:
    a_rule(audience="merchant", least_severity="warning")
    shop = make_company(make_partner(), "Shop")
    a_contact(shop, locale=locale)
    a_finding(shop, "payout_late")
    [alert] = told()
    assert alert.subject == subject
    assert todo in alert.text
    assert todo in alert.html
    if locale != "en-us":
        assert "This needs you" not in alert.text


def test_a_merchant_who_wants_it_daily_gets_one_mail_in_the_morning_of_the_shop() -> None:
    a_rule(audience="merchant", least_severity="warning")
    shop = make_company(make_partner())
    type(shop).objects.filter(pk=shop.pk).update(zone="Asia/Tokyo")
    a_contact(shop, wants="daily")
    a_finding(shop, "payout_late")
    a_finding(shop, "connection_lost")
    assert told(AT) == []
    [alert] = told(AT.replace(hour=23))
    assert alert.subject == "Rose & Crown: 2 things need you"


def test_who_wants_nothing_any_more_hears_nothing_any_more() -> None:
    a_rule(audience="merchant")
    shop = make_company(make_partner())
    a_contact(shop)
    finding = a_finding(shop, "connection_lost")
    assert len(told()) == 1
    a_contact(shop, wants="nothing")
    is_over(finding)
    assert told(AT + HOUR) == []
    assert Alarm.objects.get().over_at is not None


def test_a_partner_s_own_rule_for_its_merchants_takes_the_place_of_ours() -> None:
    own, other = make_partner("Own"), make_partner("Other")
    a_rule(name="ours", audience="merchant")
    theirs = a_rule(own, name="theirs", audience="merchant", enabled=False)
    for partner in (own, other):
        shop = make_company(partner, f"Shop of {partner}")
        a_contact(shop)
        a_finding(shop, "connection_lost")
    assert [alert.company.name for alert in told() if alert.company] == ["Shop of Other"]
    AlertRule.objects.filter(pk=theirs.pk).update(enabled=True)
    assert [alert.rule for alert in told(AT + HOUR)] == [theirs]


def test_a_rule_is_looked_at_every_half_minute_and_by_one_at_a_time() -> None:
    a_rule()
    assert raise_next(AT)
    assert not raise_next(AT + timedelta(seconds=29))
    assert raise_next(AT + timedelta(seconds=30))


def test_a_look_takes_as_many_statements_whatever_there_is() -> None:
    a_rule()
    partner = make_partner()
    counts = []
    for number in (1, 40):
        for each in range(number):
            a_finding(make_company(partner, f"{number} {each}"), root=f"root {number} {each}")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            told(AT + number * HOUR)
        counts.append(len(seen))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("alert_rule_words_known", {"digest": "weekly"}),
        ("alert_rule_role_fits", {"role": "support"}),
        ("alert_rule_leads_somewhere", {"addresses": []}),
        ("alert_rule_slack_has_address", {"channel": "slack", "addresses": []}),
        ("alert_rule_hours_exist", {"quiet_from": 3}),
    ],
)
def test_postgresql_refuses_a_rule_that_makes_no_sense(constraint: str, changes: dict[str, object]) -> None:
    rule = a_rule()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        AlertRule.objects.filter(pk=rule.pk).update(**changes)


def test_postgresql_refuses_what_would_be_told_twice() -> None:
    """alarm_lasts_once, alarm_news_known, alarm_recovery_was_told_of, alert_rule_name_once."""
    rule = a_rule()
    a_finding(make_company(make_partner()))
    told()
    alarm = Alarm.objects.get()
    with pytest.raises(IntegrityError, match="alarm_lasts_once"), transaction.atomic():
        Alarm.objects.create(rule=rule, code=alarm.code, root=alarm.root, rank=0, count=1, opened_at=AT)
    for name, changes in (("alarm_news_known", {"news": "x"}), ("alarm_recovery_was_told_of", {"news": "recovered"})):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            Alarm.objects.update(**changes)
    with pytest.raises(IntegrityError, match="alert_rule_name_once"), transaction.atomic():
        AlertRule.objects.create(name="Ops", audience="merchant")


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("alert_state_is_whole", {"next_at": None}),
        ("alert_ended_at", {"ended_at": AT}),
        ("alert_failed_says_why", {"state": "failed", "next_at": None, "ended_at": AT}),
    ],
)
def test_postgresql_refuses_a_message_that_is_nowhere(constraint: str, changes: dict[str, object]) -> None:
    a_rule()
    a_finding(make_company(make_partner()))
    told()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Alert.objects.update(**changes)


def test_postgresql_refuses_a_contact_without_an_address_or_a_language() -> None:
    """contact_locale_known, contact_wants_have_address."""
    a_contact(make_company(make_partner()))
    for name, changes in (("contact_locale_known", {"locale": "de"}), ("contact_wants_have_address", {"email": ""})):
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            CompanyContact.objects.update(**changes)
