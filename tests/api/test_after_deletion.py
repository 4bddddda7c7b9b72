"""What was deleted is gone for every operation, and cannot be brought back by asking again."""

from __future__ import annotations

from typing import Any

import pytest

from health.models import WebhookDelivery
from tests.api.cast import Api
from tests.api.test_isolation import BODIES, OURS
from tests.api.world import a_world


def deletions() -> list[tuple[str, str]]:
    """(path, the name of the id at its end) of each operation that deletes."""
    paths = [path for path, methods in OURS["paths"].items() if "delete" in methods]
    return [(path, path.rpartition("{")[2].rstrip("}")) for path in paths]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.case("S28")
def test_what_was_deleted_answers_like_what_never_was_at_every_operation(api: Api) -> None:
    ids = a_world(api)
    assert len(deletions()) >= 4
    for gone, name in deletions():
        if name == "keyId":
            continue  # a revoked key is kept and shown as such; that it opens nothing is told in test_keys
        assert api.delete(gone.format(**ids)).status_code in (200, 204), gone
        for path, methods in OURS["paths"].items():
            if f"{{{name}}}" not in path:
                continue
            for method, each in methods.items():
                body: Any = BODIES.get(each["operationId"], {} if method in ("post", "put", "patch") else None)
                answered = api.send(method.upper(), path.format(**ids), body)
                assert answered.status_code == 404, f"{method} {path}: {answered.content!r}"
    assert not WebhookDelivery.objects.filter(public_id=ids["deliveryId"]).exists()
