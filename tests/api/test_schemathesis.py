"""Schemathesis, which nobody here wrote, against a live server: no 5xx, no answer that our schema does not tell of."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings

from tests.api import live
from tests.api.cast import Api, basic, make_partner
from tests.api.contract import operations
from tests.api.world import a_world

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from schemathesis import GenerationMode, checks
    from schemathesis.specs.openapi import checks as openapi_checks

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
]
EXAMPLES = 12
JUDGES = (
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_schema_conformance,
)


@pytest.fixture
def api() -> Api:
    return Api(make_partner())


@pytest.fixture
def url(api: Api) -> Iterator[str]:
    with live.running() as base:
        yield base


def _ours() -> dict[str, Any]:
    schema = SchemaGenerator().get_schema(request=None, public=True)
    return json.loads(json.dumps(schema, default=str))


@pytest.mark.case("S33")
def test_no_operation_of_ours_fails_or_answers_what_it_does_not_tell_of(api: Api, url: str) -> None:
    ids = a_world(api)
    failures = [
        f"{operation.method.upper()} {operation.path}: {failure}"
        for operation in _operations(_ours(), url)
        if (failure := _tried(operation, api, ids))
    ]
    assert not failures, "\n\n".join(failures)[:6_000]


def _operations(document: dict[str, Any], url: str) -> Iterator[Any]:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=url)
    for found in schema.get_all_operations():
        yield found.ok()


def _good(operation: Any) -> Any:
    return operation.as_strategy()


def _bad(operation: Any) -> Any:
    """Requests that break the schema, where it has something to break."""
    if not operation.body and not any(True for _ in operation.iter_parameters()):
        return _good(operation)
    return operation.as_strategy(generation_mode=GenerationMode.NEGATIVE)


def _tried(operation: Any, api: Api, ids: dict[str, str]) -> str:
    """What is wrong with the answers to made-up requests; half of them are about things that exist."""
    count = iter(range(1_000_000))

    @settings(
        max_examples=EXAMPLES, database=None, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )  # fmt: skip
    @given(case=_good(operation) | _bad(operation))
    def judged(case: Any) -> None:
        if next(count) % 2:
            case.path_parameters = {name: ids.get(name, value) for name, value in case.path_parameters.items()}
        case.headers = {**(case.headers or {}), "Authorization": basic(api.secret)}
        response = case.call()
        case.validate_response(response, checks=JUDGES)

    try:
        judged()
    except BaseExceptionGroup as error:
        return "; ".join(str(each) for each in error.exceptions)[:1_500]
    return ""


@pytest.mark.skipif(not operations(), reason="the published contract is not beside this repository")
def test_the_judge_was_given_every_published_operation(api: Api, url: str) -> None:
    known = {operation.definition.raw.get("operationId") for operation in _operations(_ours(), url)}
    assert {each.operation_id for each in operations()} <= known
