"""Ids of others where they are easily forgotten: inside of bodies and queries; and fields that are nobody's to set.

`tests/api/test_isolation.py` asks for the ids in addresses. Both are made from what there is: an address, an operation
or an id-like field that is in no table fails here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from uuid import uuid4

import msgspec
import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

from commerce_sync.api.shape import Input
from commerce_sync.api.urls import urlpatterns as api_patterns
from commerce_sync.flow.urls import urlpatterns as flow_patterns
from connectors.general_ledger.accounts import add_account
from ledger.models import Company, RecordRow
from tests.api.cast import Api, an_order, books_of, push_orders
from tests.api.test_isolation import BODIES, OURS, _digest
from tests.api.world import a_world
from tests.flow.test_access import rows_of

# --- every address is in a matrix --------------------------------------------------------------------------------

# What is in no matrix, and why nobody reaches anything of others by it.
FOR_ANYBODY: Final = {
    "": "the landing page, the same for all",
    "webhooks/<slug:platform>": "platforms, who sign (tests/commerce_sync/test_webhooks.py)",
    "webhooks/<slug:platform>/<uuid:connection>": "platforms, who sign",
    "api/schema": "the description, the same for all",
    "api/docs": "the description, for people",
    r"^(?:companies|config|meta|sync|clients)(?:/.*)?$": "404",
}


def addresses(patterns: Any, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, before + str(each.pattern))
        else:
            yield before + str(each.pattern), each


def as_told(route: str) -> str:
    """The address as the description writes it."""
    return "/" + re.sub(r"<\w+:(\w+)>", r"{\1}", route)


@pytest.mark.case("S01")
def test_every_address_of_the_site_is_in_a_matrix(settings: Any) -> None:
    """Of the API in `test_isolation`, of merchants in tests/flow/test_access.py, of the console in test_roles.py."""
    of_merchants = {id(each) for _, each in addresses(flow_patterns)}
    left = {
        route
        for route, each in addresses(get_resolver().url_patterns)
        if id(each) not in of_merchants and as_told(route) not in OURS["paths"]
        if not route.startswith(f"{settings.COMMERCE_SYNC_ADMIN_PATH}/")
    }
    assert left == set(FOR_ANYBODY), "put the new address into a matrix, or say here whom it is for"


@pytest.mark.case("S01")
def test_every_method_of_the_api_is_described_and_so_in_the_matrix() -> None:
    """A method that is not described would be asked for nothing by anybody."""
    wrong = []
    for route, each in addresses(api_patterns):
        view = getattr(each.callback, "cls", None)
        if route in FOR_ANYBODY or view is None:
            continue
        known = set(OURS["paths"].get(as_told(route), {}))
        has = {name for name in view.http_method_names if hasattr(view, name)} - {"options"}
        wrong += [f"{name} {route}" for name in has ^ known]
    assert wrong == []


# --- ids in bodies and queries -----------------------------------------------------------------------------------

_ID_LIKE: Final = re.compile(r"(?:^id$|Ids?$|Key$|[dD]igest$|[iI]dentifier$|^assignee$|^with$)")
# Operation → its id-like fields and queries. Each is sent below, or means nothing outside of its own body.
ID_FIELDS: Final = {
    "choose-connection-organization": {"id"},
    "create-alert-rule": {"digest"},  # a rhythm, no digest
    "create-connection": {"platformKey"},  # platforms are nobody's own
    "get-mapping-differences": {"with"},
    "get-sync-flow-url": {"merchantIdentifier"},  # test_isolation
    "assign-finding": {"assignee"},  # a name as the partner writes it, looked up nowhere
    "landed-cost": {"connectionId", "itemId"},
    "set-configuration": {
        "companyId", "id", "selectedAccountId", "selectedAccountingTaxRateId", "selectedCommerceTaxRateIds",
        "selectedCustomerId", "selectedDefaultZeroTaxRateId", "selectedSupplierId", "selectedTaxRateId",
    },
    "set-stock-item-rules": {"accountId", "connectionId", "itemId", "supplierId"},
    "set-stock-rules": {"accountId", "supplierId"},
    "undo-sync": {"planDigest"},  # of what would be done here: no id of anything
    "update-alert-rule": {"digest"},
    "void-document": {"planDigest"},
}  # fmt: skip


def names_in(node: Any) -> set[str]:
    """The names of all properties of a schema."""
    if isinstance(node, list):
        return {name for each in node for name in names_in(each)}
    if not isinstance(node, dict):
        return set()
    if "$ref" in node:
        return names_in(OURS["components"]["schemas"][node["$ref"].rpartition("/")[2]])
    own = set(node["properties"]) if isinstance(node.get("properties"), dict) else set()
    return own | {name for each in node.values() for name in names_in(each)}


def described() -> Iterator[tuple[str, str, str, Any]]:
    """(operation, method, path, description) of all."""
    for path, methods in OURS["paths"].items():
        for method, each in methods.items():
            yield each["operationId"], method.upper(), path, each


@pytest.mark.case("S01")
def test_every_id_that_a_body_or_a_query_may_name_is_known_here() -> None:
    found = {}
    for operation, _, _, each in described():
        queries = {parameter["name"] for parameter in each.get("parameters", ()) if parameter["in"] == "query"}
        named = {name for name in names_in(each.get("requestBody") or {}) | queries if _ID_LIKE.search(name)}
        if named and not operation.startswith("push-"):  # rows: their ids are of the source that they are pushed to
            found[operation] = named
    assert found == ID_FIELDS


def bodies(ids: dict[str, str], own: dict[str, str], account: str) -> dict[str, tuple[str, str, Any]]:
    """What is sent with an id of somebody's: by name, (method, path, body)."""
    at = f"/companies/{own['companyId']}"
    line = {"itemId": "tea", "quantity": 1, "cost": 1}
    config = f"/config{at}/sync/commerce"
    sales = {"sales": {"accounts": {"x": {"selectedAccountId": account}}}}
    return {
        "landed cost": (
            "POST", f"{at}/stock/landed-cost",
            {"connectionId": ids["connectionId"], "currency": "GBP", "lines": [line], "saves": True},
        ),
        "item rule": (
            "PUT", f"{at}/stock/rules/items", [{"connectionId": ids["connectionId"], "itemId": "tea", "threshold": 3}],
        ),
        "organization": ("PUT", f"{at}/connections/{own['booksId']}/organizations", {"id": ids["companyId"]}),
        "configuration of another": ("POST", config, {"companyId": ids["companyId"], "enable": False}),
        "account of another": ("POST", config, {"companyId": own["companyId"], "configuration": sales}),
        "link": ("GET", f"/config/sync/commerce/partner/books/start?merchantIdentifier={ids['companyId']}", None),
    }  # fmt: skip


def queries(ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every list, asked for the ids of somebody's: (path, query)."""
    wanted = sorted({value for value in ids.values() if len(value) == 36})
    for _, _, path, each in described():
        if any(parameter["name"] == "query" for parameter in each.get("parameters", ())):
            for name in ("id", "companyId", "connectionId", "syncId", "dataConnections.id"):
                yield path, f"{name}={wanted[0]}||" + "||".join(f"{name}={value}" for value in wanted[1:])


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.case("S01", "S03")
def test_ids_of_others_inside_of_a_request_are_as_unknown_and_fields_of_ours_are_nobodys(
    api: Api, other_api: Api, settings: Any
) -> None:
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 0
    theirs, own = a_world(api), a_world(other_api, "The Outsider")
    _bodies(other_api, theirs, own)
    _queries(other_api, theirs, own)
    _pushes(other_api, theirs, own)
    _fields_of_ours(api, other_api, theirs, own)


def _bodies(other_api: Api, theirs: dict[str, str], own: dict[str, str]) -> None:
    company = Company.objects.get(public_id=theirs["companyId"])
    add_account(connection_id=books_of(company).pk, code="4999", name="Theirs alone", type="income", actor="test")
    unknown = {name: str(uuid4()) for name in theirs}
    before = _digest()
    sent = zip(
        bodies(theirs, own, "4999").items(),
        bodies(unknown, own, "4998").values(),
        strict=True,
    )
    for (name, (method, path, body)), (_, unknown_path, unknown_body) in sent:
        answered = other_api.send(method, path, body)
        expected = other_api.send(method, unknown_path, unknown_body)
        assert answered.status_code == expected.status_code, name
        assert 400 <= answered.status_code < 500, f"{name}: {answered.content!r}"
        assert _bare(answered) == _bare(expected), name
        assert "Theirs alone" not in answered.content.decode()
    assert _digest() == before


def _bare(answered: Any) -> str:
    """An answer without the ids and words that were sent, and without its own id."""
    text = re.sub(r'"correlationId":"[^"]*"', "", answered.content.decode())
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\b499[89]\b", "…", text)


def _queries(other_api: Api, theirs: dict[str, str], own: dict[str, str]) -> None:
    unknown = {name: str(uuid4()) if len(value) == 36 else value for name, value in theirs.items()}
    asked = 0
    for (path, query), (_, other_query) in zip(queries(theirs), queries(unknown), strict=True):
        found, expected = (other_api.get(f"{path.format(**own)}?query={text}") for text in (query, other_query))
        assert found.status_code == expected.status_code
        if found.status_code == 200:
            asked += 1
            assert found.json()["results"] == expected.json()["results"] == [], f"{path} {query[:60]}"
    assert asked > 20


def _pushes(other_api: Api, theirs: dict[str, str], own: dict[str, str]) -> None:
    """The ids of another partner's records, pushed into an own shop: records of one's own."""
    company = Company.objects.get(public_id=theirs["companyId"])
    before = rows_of(company), list(RecordRow.objects.filter(source__company=company).order_by("pk").values())
    mine = Company.objects.get(public_id=own["companyId"])
    push_orders(other_api, mine, [an_order(0, amount="99.00")])
    assert (rows_of(company), list(RecordRow.objects.filter(source__company=company).order_by("pk").values())) == before


# --- fields that are nobody's to set -----------------------------------------------------------------------------


def columns() -> set[str]:
    """The names of all columns of all tables, as they are and as the API would write them."""
    found = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            for name in (field.name, field.attname):
                first, *others = name.split("_")
                found |= {name, first + "".join(other.capitalize() for other in others)}
    return found


def shapes(base: type[Any] = Input) -> Iterator[type[Any]]:
    for each in base.__subclasses__():
        yield each
        yield from shapes(each)


@pytest.mark.case("S03")
def test_no_body_takes_a_field_that_it_does_not_name() -> None:
    names = columns()
    assert len(names) > 300
    taken = []
    for shape in shapes():
        own = set(shape.__struct_encode_fields__)
        for name in names - own:
            try:
                msgspec.json.decode(msgspec.json.encode({name: 1}), type=shape)
            except msgspec.ValidationError as error:
                if "unknown field" in str(error):
                    continue
            taken.append(f"{shape.__name__}.{name}")
    assert taken == []


# What is sent that would be taken without the fields of ours. All that is not here is taken with an empty body.
GOOD: Final[dict[str, Any]] = {
    "create-company": {"name": "Another"},
    "update-company": {"name": "Renamed"},
    "create-connection": {"platformKey": "partner"},
    "update-connection": {"status": "Linked"},
    "set-contact": {"email": "m@example.com", "locale": "en-us", "wants": "daily"},
    "create-alert-rule": {"name": "More", "audience": "partner"},
    "create-api-key": {"name": "more"},
    "register-origin": {"origin": "https://more.example"},
    "create-webhook-endpoint": {"url": "https://more.example/in"},
    "comment-on-finding": {"text": "Look."},
    "escalate-finding": {"reason": "Look."},
    "resolve-finding": {"reason": "Look."},
    "ignore-finding": {"reason": "Look."},
    "assign-finding": {"assignee": ""},
    "update-visible-accounts-sync-flow": {"visibleAccounts": []},
    "choose-connection-organization": {"id": "x"},
    **BODIES,
}


def _fields_of_ours(api: Api, other_api: Api, theirs: dict[str, str], own: dict[str, str]) -> None:
    """All columns at once beside a body that would be taken: refused, and nothing is written."""
    extra: dict[str, Any] = dict.fromkeys(columns(), theirs["companyId"])
    before = _digest()
    sent = 0
    for operation, method, path, each in described():
        schema = (each.get("requestBody") or {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None or operation.startswith("push-"):
            continue  # pushed rows are kept as they came, and read by the published shape alone
        body: Any = {**extra, **GOOD.get(operation, {})}
        answered = other_api.send(method, path.format(**own), [body] if schema.get("type") == "array" else body)
        sent += 1
        assert answered.status_code == 400, f"{operation}: {answered.status_code} {answered.content!r}"
    assert sent > 25
    assert _digest() == before
    assert api.partner.companies.count() == 1
