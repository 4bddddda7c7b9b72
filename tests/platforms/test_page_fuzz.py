"""Pages of every source with anything in them: each row is a record or a reason, and its neighbors are kept."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.general_ledger.chart import default_book
from connectors.models import Page
from connectors.receive import receive_page
from connectors.services import connect_commerce, origin_of
from ledger.calendar import DayRule
from ledger.models import Partner, ProblemRow, RecordRow
from ledger.post_due import post_due
from ledger.services import create_company, save_book
from tests.platforms.folders import Folder, outside_platforms
from tests.platforms.hostile_rows import POISONS

AT = datetime(2026, 11, 1, tzinfo=UTC)
anything = st.sampled_from(POISONS).map(deepcopy) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)


@st.composite
def spoiled(draw: st.DrawFn, row: Any) -> Any:
    """The row with up to four of its values, wherever they are, gone, given twice, or something else."""
    value = deepcopy(row)
    for _ in range(draw(st.integers(1, 4))):
        place = _place(draw, value)
        if place is None:
            break
        level, name = place
        match draw(st.sampled_from(("other", "other", "gone", "more"))):
            case "gone":
                del level[name]
            case "more" if isinstance(level, list):
                level.append(level[name])
            case "more":
                level[draw(st.text(max_size=6))] = draw(anything)
            case _:
                level[name] = draw(anything)
    return value


def _place(draw: st.DrawFn, value: Any) -> tuple[Any, Any] | None:
    """A container within, and where in it."""
    found = None
    while isinstance(value, dict | list) and value and (found is None or draw(st.booleans())):
        name = draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        found, value = (value, name), value[name]
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("key", outside_platforms())
@pytest.mark.case("B25")
def test_a_page_with_anything_in_it_costs_no_neighbor_and_no_crash(key: str) -> None:
    folder = Folder(key)
    facts = folder.facts
    partner, _ = Partner.objects.get_or_create(name="Till Systems")
    company = create_company(partner=partner, name=key, currency=facts.currency, zone=facts.zone, actor="test")
    link = connect_commerce(company=company, platform=key, actor="test")
    link.settings = dict(facts.settings)
    link.save()
    book = default_book(facts.currency, (DayRule(date(2000, 1, 1), facts.zone, 0),))
    save_book(company=company, book=book, author="test", reason="fuzz")
    origin = origin_of(link, AT)._replace(context=folder.context)
    streams = {name: [json.loads(body) for body in folder.bodies(name)] for name in folder.streams}
    healthy = {name: len(rows) for name, rows in streams.items()}
    names = sorted(streams)

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.data())
    def pages(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(names))
        row = data.draw(st.sampled_from(streams[name]))
        bad = [data.draw(spoiled(row)) for _ in range(4)]
        rows = [*bad[:2], *streams[name], *bad[2:]]
        raw = [msgspec.Raw(json.dumps(each).encode()) for each in rows]
        results = receive_page(origin, name, json.dumps(rows).encode(), raw, AT)
        assert len(results) == len(rows)
        assert [each.status for each in results[2 : 2 + healthy[name]]].count("refused") == 0
        for each in results:
            assert each.status != "refused" or each.problems[0].path

    pages()
    assert Page.objects.filter(connection=link).exists()
    for problem in ProblemRow.objects.filter(company=company, record=None):
        assert problem.path
    for record in RecordRow.objects.filter(source=link.source_id, superseded=False):
        assert record.record.id
    post_due(company_id=company.pk, through=date(2030, 1, 1), act=uuid4())
