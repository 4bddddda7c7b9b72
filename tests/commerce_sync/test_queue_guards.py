"""django-q2 rings a bell of ours and runs nothing else: neither by its schedule nor by what lies in its queue."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from django.core.signing import BadSignature
from django.db import IntegrityError, connection, transaction
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule
from django_q.signing import SignedPackage

from commerce_sync.tasks import TICK, ensure_schedules

pytestmark = pytest.mark.django_db


class Planted:
    """What does something when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.case("S26")
@pytest.mark.parametrize(
    "row",
    [
        {"func": "os.system", "args": "'id'"},
        {"func": "subprocess.run"},
        {"func": "commerce_sync.tasks.drain"},
        {"func": TICK, "hook": "os.system"},
        {"func": TICK, "args": "('a',)"},
        {"func": TICK, "kwargs": "{'a': 1}"},
    ],
)
def test_a_schedule_of_any_other_function_is_refused_by_postgresql(row: dict[str, str]) -> None:
    with pytest.raises(IntegrityError, match="queue_rings_our_bell_only"), transaction.atomic():
        Schedule.objects.create(name="theirs", schedule_type="I", minutes=1, **row)
    ensure_schedules()
    for column, value in row.items():
        if value != TICK:
            with pytest.raises(IntegrityError, match="queue_rings_our_bell_only"), transaction.atomic():
                Schedule.objects.update(**{column: value})
    assert list(Schedule.objects.values_list("func", "hook", "args")) == [(TICK, None, None)]


def test_what_was_scheduled_before_the_guard_is_removed_with_it(transactional_db: None) -> None:
    """As the migration does it, on a table without the guard."""
    from importlib import import_module

    guard = import_module("commerce_sync.migrations.0010_bell_guard")
    with connection.cursor() as cursor:
        cursor.execute(guard.UNGUARD)
        Schedule.objects.create(name="theirs", func="os.system", schedule_type="O")
        cursor.execute(guard.GUARD)
    assert not Schedule.objects.filter(name="theirs").exists()
    ensure_schedules()
    assert Schedule.objects.get().func == TICK


@pytest.mark.case("S26")
def test_a_task_that_this_installation_has_not_signed_is_not_even_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tasks are pickles, which run code when they are opened: the signature comes first."""
    here = tmp_path / "opened"
    with monkeypatch.context() as theirs:
        theirs.setattr(Conf, "SECRET_KEY", "of-somebody-else")
        payload = SignedPackage.dumps({"id": "1", "name": "theirs", "func": "os.system", "args": Planted(here)})
    for planted in (payload, payload.rpartition(":")[0], pickle.dumps(Planted(here)).decode("latin-1")):
        with pytest.raises(BadSignature):
            SignedPackage.loads(planted)
    row = OrmQ.objects.create(key="commerce_sync", payload=payload)
    with pytest.raises(BadSignature):
        SignedPackage.loads(row.payload)
    assert not here.exists()
    SignedPackage.loads(SignedPackage.dumps({"args": Planted(here)}))
    assert here.exists()  # so it is the signature that keeps it shut
