"""Who may do what at the console: every page and every action, for every role, of ours and of a partner.

What is expected stands here once more, by hand, beside the table of the code (health/console/roles.py): a right that
slips into a role there is missed here. A page or an action that is not listed fails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import pytest
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, URLPattern, URLResolver, reverse

from health.console.roles import RIGHTS, Right
from health.models import Member
from tests.health.console_world import Ids, row_of, the_people, two_worlds
from tests.health.people import logged_in

SUPPORT, FINANCE, ENGINEER, ADMINISTRATOR = (frozenset({role}) for role in Member.Role.values)
EVERYBODY: Final = SUPPORT | FINANCE | ENGINEER | ADMINISTRATOR
NOBODY: Final[frozenset[str]] = frozenset()
TECHNICAL: Final = SUPPORT | ENGINEER | ADMINISTRATOR
BOOKKEEPERS: Final = FINANCE | ADMINISTRATOR

ACTS: Final[dict[Right, frozenset[str]]] = {
    Right.WORK_FINDINGS: EVERYBODY,
    Right.RETRY: TECHNICAL,
    Right.SYNC: EVERYBODY,
    Right.PAUSE: TECHNICAL,
    Right.UNDO: BOOKKEEPERS,
    Right.MAP: BOOKKEEPERS,
    Right.VIEW_AS: TECHNICAL,
    Right.RAW: TECHNICAL,
    Right.CALLS: TECHNICAL,
    Right.KEYS: ADMINISTRATOR,
    Right.ADD_KEYS: ADMINISTRATOR,
    Right.BRAND: ADMINISTRATOR,
    Right.ADD_BRAND: ADMINISTRATOR,
    Right.ALERTS: ADMINISTRATOR,
    Right.REPLAY: ENGINEER | ADMINISTRATOR,
    Right.PEOPLE: ADMINISTRATOR,
    Right.ERASE: ADMINISTRATOR,
}

# Who sees the lists and rows of a model; a superuser sees all, but for what is said below.
_ALL: Final = [
    "ledger_partner",
    "ledger_company",
    "ledger_auditentry",
    "ledger_source",
    "health_finding",
    "health_findingevent",
    "health_companycontact",
    "commerce_sync_sync",
    "commerce_sync_schedule",
    "commerce_sync_undo",
    "connectors_connection",
    "ledger_bookversion",
    "ledger_recordrow",
    "ledger_posting",
    "ledger_document",
    "ledger_documentline",
    "ledger_problemrow",
    "connectors_binding",
    "connectors_pushitem",
    "connectors_option",
    "connectors_reference",
    "connectors_booksentry",
    "connectors_booksline",
    "connectors_booksaccount",
    "connectors_bookstaxrate",
    "connectors_bookslock",
    "connectors_stocklevel",
    "connectors_stockrule",
    "connectors_purchaseorder",
]
_TECHNICIANS: Final = [
    "commerce_sync_branding",
    "connectors_page",
    "connectors_call",
    "connectors_watermark",
    "connectors_incomingwebhook",
    "commerce_sync_job",
    "commerce_sync_heartbeat",
    "health_webhookendpoint",
    "health_webhookevent",
    "health_webhookdelivery",
    "health_webhookattempt",
    "health_alertrule",
    "health_alert",
    "health_alarm",
]
_ENGINEERS: Final = [
    "connectors_bookmark",
    "connectors_credential",
    "connectors_budgetline",
    "commerce_sync_companyqueue",
    "commerce_sync_apikey",
]
LOOKS: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(_ALL, EVERYBODY),
    **dict.fromkeys(_TECHNICIANS, TECHNICAL),
    **dict.fromkeys(_ENGINEERS, ENGINEER | ADMINISTRATOR),
    "health_member": ADMINISTRATOR,
}
# What can be added, changed or deleted in the admin at all, by whom. Everything else by nobody, superuser included.
EDITS: Final[dict[str, frozenset[str]]] = {
    "commerce_sync_branding": ADMINISTRATOR,
    "health_alertrule": ADMINISTRATOR,
    "health_member": ADMINISTRATOR,
}
# A brand is emptied, a person may log in no more: neither is deleted. An alert rule is deleted on a page of its own.
KEPT: Final = frozenset({"commerce_sync_branding", "health_alertrule", "health_member"})
OWN_PAGES: Final = tuple(
    f"/admin/{name}/" for name in ("companies", "documents", "findings", "partners", "records", "sync")
)
ACTIONS: Final[dict[tuple[str, str], frozenset[str]]] = {}


class Page(NamedTuple):
    """A page of our own: who may open it, or what is sent to it, and whether anything may be seen without a row."""

    who: frozenset[str]
    method: str = "GET"


PAGES: Final[dict[str, Page]] = {
    "console-confirm": Page(EVERYBODY),
    "console-second-factor": Page(EVERYBODY),
    "console-second-factor-setup": Page(EVERYBODY),
    "console-second-factor-picture": Page(EVERYBODY),
    "console-second-factor-own": Page(EVERYBODY),
    "console-second-factor-remove": Page(EVERYBODY, "POST"),
    "console-company": Page(EVERYBODY),
    "console-company-money": Page(EVERYBODY),
    "console-find": Page(EVERYBODY),
    "console-mapping": Page(EVERYBODY),
    "console-company-changes": Page(EVERYBODY),
    "console-view-as": Page(TECHNICAL, "POST"),
    "console-document": Page(EVERYBODY),
    "console-evidence": Page(TECHNICAL),
    "console-document-retry": Page(TECHNICAL, "POST"),
    "console-record": Page(EVERYBODY),
    "console-changes": Page(EVERYBODY),
    "console-partner-changes": Page(EVERYBODY),
    "console-sync": Page(EVERYBODY),
    "console-sync-configuration": Page(EVERYBODY),
    "console-sync-retry": Page(TECHNICAL, "POST"),
    "console-sync-undo": Page(BOOKKEEPERS, "POST"),
    "console-redo": Page(BOOKKEEPERS, "POST"),
    "console-company-sync": Page(EVERYBODY, "POST"),
    "console-company-pause": Page(TECHNICAL, "POST"),
    "console-company-resume": Page(TECHNICAL, "POST"),
    "console-company-erase": Page(ADMINISTRATOR),
    "console-delivery": Page(TECHNICAL),
    "console-delivery-replay": Page(ENGINEER | ADMINISTRATOR, "POST"),
    "console-findings": Page(EVERYBODY),
    "console-finding-group": Page(EVERYBODY),
    "console-finding-act": Page(EVERYBODY, "POST"),
    "console-finding": Page(EVERYBODY),
    "console-alert-rule": Page(TECHNICAL),
    "console-alert-mail": Page(TECHNICAL),
    "console-alert-test": Page(ADMINISTRATOR, "POST"),
    "console-alert-delete": Page(ADMINISTRATOR, "POST"),
    "console-partner": Page(EVERYBODY),
    "console-key-make": Page(ADMINISTRATOR, "POST"),
    "console-key-rotate": Page(ADMINISTRATOR, "POST"),
    "console-key-revoke": Page(ADMINISTRATOR, "POST"),
    "console-platforms": Page(EVERYBODY),
    "console-invite": Page(ADMINISTRATOR, "POST"),
    "console-person-second-factor": Page(ADMINISTRATOR, "POST"),
    "console-runbook": Page(EVERYBODY),
    "console-runbook-entry": Page(EVERYBODY),
    "branding-preview": Page(TECHNICAL),
    "branding-preview-page": Page(TECHNICAL),
    "branding-texts": Page(TECHNICAL),
    "branding-accounts": Page(TECHNICAL),
    "branding-origins": Page(TECHNICAL),
    "branding-design": Page(EVERYBODY),
}
# The admin's own that are of no model; they show a person nothing that the lists do not.
OF_THE_ADMIN: Final = frozenset({"index", "login", "logout", "search", "password_change", "password_change_done",
    "autocomplete", "jsi18n", "view_on_site", "app_list", "console-set-password"})  # fmt: skip
MODEL_PAGES: Final = ("changelist", "add", "change", "delete", "history", "password_change")


def patterns(found: Any, models: frozenset[str]) -> Iterator[str]:
    """The names of the addresses that are of no model."""
    for each in found:
        if isinstance(each, URLResolver):
            yield from patterns(each.url_patterns, models)
        elif isinstance(each, URLPattern) and each.name is not None:
            model, _, page = each.name.rpartition("_")
            is_of_model = any(each.name == f"{name}_{page}" for name in models for page in MODEL_PAGES)
            if not is_of_model:
                yield each.name


def models() -> dict[str, Any]:
    return {f"{each._meta.app_label}_{each._meta.model_name}": each for each in admin.site._registry}


def test_the_roles_of_the_code_are_those_that_were_meant() -> None:
    assert set(RIGHTS) == set(Member.Role.values)
    assert {right: {role for role, rights in RIGHTS.items() if right in rights} for right in Right} == ACTS
    for name, who in LOOKS.items():
        app, _, model = name.rpartition("_")
        assert who == {role for role, rights in RIGHTS.items() if f"{app}.view_{model}" in rights}, name


@pytest.mark.case("S02")
def test_nobody_has_a_right_to_change_money() -> None:
    said = {right for rights in RIGHTS.values() for right in rights if ".view_" not in right}
    assert said - set(Right) == {
        "health.add_alertrule", "health.delete_alertrule", "health.add_member", "health.delete_member",
    }  # fmt: skip


@pytest.mark.case("S02")
def test_every_page_is_listed() -> None:
    assert set(models()) <= set(LOOKS), "say in LOOKS who sees these"
    named = set(patterns(admin.site.get_urls(), frozenset(models())))
    assert named - OF_THE_ADMIN == set(PAGES), "say in PAGES who may open these"


@pytest.mark.case("S02")
@pytest.mark.slow
@pytest.mark.django_db
def test_every_page_and_action_is_for_those_who_may_and_for_nobody_else() -> None:
    own, other = two_worlds()
    wrong: list[str] = []
    for who, user in the_people(own["partner_id"]).items():
        client = logged_in(user) if user is not None else Client()
        role = who.split(" ", maxsplit=1)[0]
        for name, model in models().items():
            wrong += [f"{who}: {said}" for said in _wrong_of_model(client, user, role, name, model, own, other)]
        for name, page in PAGES.items():
            wrong += [f"{who}: {said}" for said in _wrong_of_page(client, user, role, name, page, own, other)]
    assert wrong == [], "\n".join(wrong)


def _wrong_of_model(client: Client, user: Any, role: str, name: str, model: Any, own: Ids, other: Ids) -> Iterator[str]:
    is_in = role in Member.Role.values or role == "superuser"
    looks = role == "superuser" or role in LOOKS[name]
    edits = name in EDITS and (role == "superuser" or role in EDITS[name])
    path, base = getattr(admin.site._registry[model], "partner_path", None), f"admin:{name}"
    of_a_partner = _partner_of(user) is not None
    listed = client.get(reverse(f"{base}_changelist"))
    if not (is_in and looks and _leads_to_our_page(listed)):
        yield from _expected(listed, 200 if looks else 403, is_in, f"list of {name}")
    for action in admin.site._registry[model].get_actions(_request(user)) if is_in else ():
        may = ACTIONS.get((name, action))
        if may is None or (role not in may and role != "superuser"):
            yield f"the action {action} on {name}"
    if looks and of_a_partner:
        foreign = row_of(model, path, other["partner_id"] if path else 0)
        if foreign is not None and not _is_nothing(client.get(reverse(f"{base}_change", args=(foreign.pk,))), base):
            yield f"sees another's {name}"
    row = row_of(model, path, own["partner_id"])
    if row is not None and (path is not None or not of_a_partner):
        yield from _wrong_of_row(client, role, name, model, row.pk)
    if not of_a_partner:  # the same rights, and no row
        added = client.get(reverse(f"{base}_add"))
        if added.status_code != 404 or edits:  # or there is no such page at all
            yield from _expected(added, 200 if edits else 403, is_in, f"add {name}")


def _wrong_of_row(client: Client, role: str, name: str, model: Any, key: Any) -> Iterator[str]:
    """Of a row that the person may see, as far as the role goes."""
    is_in = role in Member.Role.values or role == "superuser"
    looks = role == "superuser" or role in LOOKS[name]
    edits = name in EDITS and (role == "superuser" or role in EDITS[name])
    at = {page: reverse(f"admin:{name}_{page}", args=(key,)) for page in ("change", "history", "delete")}
    shown = client.get(at["change"])
    if not (is_in and looks and _leads_to_our_page(shown)):
        yield from _expected(shown, 200 if looks else 403, is_in, f"change of {name}")
    yield from _expected(client.get(at["history"]), 200 if looks else 403, is_in, f"history of {name}")
    may_delete = edits and name not in KEPT
    yield from _expected(client.get(at["delete"]), 200 if may_delete else 403, is_in, f"delete of {name}")
    if not may_delete:
        yield from _expected(client.post(at["delete"], {"post": "yes"}), 403, is_in, f"to delete {name}")
    if not edits:
        sent = client.post(at["change"], {})
        if not (is_in and looks and _leads_to_our_page(sent)):
            yield from _expected(sent, 403, is_in, f"to change {name}")
    if not model._default_manager.filter(pk=key).exists():
        yield f"deleted {name}"


def _leads_to_our_page(answer: Any) -> bool:
    """Rows that have a page of their own in the console lead there."""
    return answer.status_code == 302 and answer["Location"].startswith(OWN_PAGES)


def _is_nothing(answer: Any, base: str) -> bool:
    """What another's row is answered with, as if there were none: nothing, or the way back to the list."""
    back = {reverse("admin:index"), reverse(f"{base}_changelist")}
    return answer.status_code == 404 or (answer.status_code == 302 and answer["Location"] in back)


def _partner_of(user: Any) -> Any:
    return getattr(getattr(user, "member", None), "partner", None)


def _wrong_of_page(client: Client, user: Any, role: str, name: str, page: Page, own: Ids, other: Ids) -> Iterator[str]:
    is_in = role in Member.Role.values or role == "superuser"
    may = role == "superuser" or role in page.who
    address, asks = _address(name, own)
    if address == "":
        yield f"{name} cannot be reached in the test: which of its arguments is not in the world?"
        return
    answer = client.post(address) if page.method == "POST" else client.get(address)
    if may and is_in:
        if answer.status_code in (403, 404) or answer.status_code >= 500:
            yield f"{name} answers {answer.status_code}"
    else:
        yield from _expected(answer, 403, is_in, name)
    if may and _partner_of(user) is not None and asks & {*other} - {"code", "scheme"}:
        foreign, _ = _address(name, other)
        answer = client.post(foreign) if page.method == "POST" else client.get(foreign)
        if answer.status_code != 404:
            yield f"{name} of another answers {answer.status_code}"


def _address(name: str, ids: Ids) -> tuple[str, set[str]]:
    """The address with the arguments that it asks for, and their names."""
    for patterns_of in admin.site.get_urls():
        for each in [patterns_of, *getattr(patterns_of, "url_patterns", ())]:
            if getattr(each, "name", None) == name:
                asks = set(each.pattern.converters)
                try:
                    return reverse(f"admin:{name}", kwargs={ask: ids[ask] for ask in asks}), asks
                except (KeyError, NoReverseMatch):
                    return "", asks
    return "", set()


def _expected(answer: Any, status: int, is_in: bool, what: str) -> Iterator[str]:
    """Whoever is not in is sent to the log-in, or refused; never shown anything."""
    if is_in and answer.status_code != status:
        yield f"{what} answers {answer.status_code} instead of {status}"
    if not is_in and answer.status_code not in (302, 403):
        yield f"{what} answers {answer.status_code}"


def _request(user: Any) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return request
