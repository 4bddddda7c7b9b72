"""The worked examples hold, and docs/posting.md quotes them as they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from worked_docs import CHAPTERS, posting_page
from worked_language import outcome, read_example, written

FILES = sorted((Path(__file__).parent / "worked").glob("*.txt"))
PAGE = Path(__file__).parents[2] / "docs" / "posting.md"


@pytest.fixture
def updating(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-worked", default=False))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
@pytest.mark.case("E10")
def test_a_worked_example_leads_to_its_documents(path: Path, updating: bool) -> None:
    example = read_example(path)
    found = outcome(example)
    if updating:
        path.write_text(written(example, found))
    else:
        assert found == example.expected


def test_the_page_about_posting_quotes_the_examples_as_they_are(updating: bool) -> None:
    page = posting_page(read_example(path) for path in FILES)
    if updating:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page)
    assert PAGE.read_text() == page


def test_every_chapter_has_examples_and_there_are_enough() -> None:
    assert {path.name[:2] for path in FILES} == CHAPTERS.keys()
    assert len(FILES) >= 30


def test_examples_are_written_the_way_they_are_read() -> None:
    for path in FILES:
        example = read_example(path)
        assert written(example, example.expected) == path.read_text(), path.name


def test_a_word_that_no_example_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.txt"
    path.write_text(
        "Title\npatterns\nProse\n\nbook GBP Europe/London journal\n  colour red\norder A1 at 2026-01-01 12:00\n"
    )
    with pytest.raises(ValueError, match="colour"):
        read_example(path)
    path.write_text("Title\npatterns\nProse\n\nbook GBP Europe/London journal\nbarter B1 at 2026-01-01 12:00 1.00\n")
    with pytest.raises(ValueError, match="barter"):
        read_example(path)
