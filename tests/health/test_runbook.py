"""The runbook has an entry for each kind of finding, and the console shows the same.

`.venv/bin/python -m tests.health.test_runbook --update-docs` writes the section again.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from django.urls import reverse

from health.findings.guide import GUIDE, entry_of, plain, section
from health.findings.kinds import KINDS

RUNBOOK = Path(__file__).parents[2] / "docs" / "runbook.md"
HEADING = "\n## Findings\n"


def page() -> str:
    """docs/runbook.md as it should be: what is written by hand, and the entries at its end."""
    by_hand, _, rest = RUNBOOK.read_text().partition(HEADING)
    return f"{by_hand}{HEADING}{rest.partition('### ')[0]}{section()}"


def test_every_kind_has_an_entry_and_none_is_of_a_kind_that_there_is_not() -> None:
    assert GUIDE.keys() == KINDS.keys()


@pytest.mark.parametrize("code", KINDS)
def test_an_entry_says_what_where_and_what_to_do_in_whole_sentences(code: str) -> None:
    entry = entry_of(code)
    for said in (entry.means, entry.see, entry.do):
        assert len(said.split()) > 2, said
        assert said.endswith(".")
        assert said[0].isupper() or said.startswith("manage.py")
        assert not re.search(r"[{}\[\]`]|\s\s", said)


def test_the_runbook_s_section_is_what_the_guides_say() -> None:
    assert RUNBOOK.read_text() == page(), "run: .venv/bin/python -m tests.health.test_runbook --update-docs"
    assert re.findall(r"^### (\w+)$", RUNBOOK.read_text().partition(HEADING)[2], re.M) == list(KINDS)


def test_text_is_told_without_its_signs() -> None:
    assert plain("Look at *this*, at `that` and [there](x.md#y).") == "Look at this, at that and there."


@pytest.mark.django_db
def test_the_console_shows_each_entry() -> None:
    from tests.health.people import a_person, logged_in  # here: the page is written without the database

    client = logged_in(a_person())
    listed = client.get(reverse("admin:console-runbook")).content.decode()
    for code, kind in KINDS.items():
        address = reverse("admin:console-runbook-entry", args=(code,))
        assert address in listed
        assert kind.title in client.get(address).content.decode()
    assert client.get(reverse("admin:console-runbook-entry", args=("nothing",))).status_code == 404


if __name__ == "__main__":
    if sys.argv[1:] != ["--update-docs"]:
        sys.exit("usage: python -m tests.health.test_runbook --update-docs")
    RUNBOOK.write_text(page())
