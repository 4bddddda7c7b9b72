"""Which test shows which fault at which platform: the table of `docs/faults.md`, which is made of the tests themselves.

python -m tests.platforms.test_fault_matrix > docs/faults.md
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

TARGET_FAULTS: Final = {
    "answer lost after the write": "test_target_conformance.test_whatever_is_lost_each_document_arrives_once",
    "429 with a time": "test_target_conformance.test_a_busy_platform_is_waited_for_as_it_asks",
    "429 without a time": "test_target_conformance.test_a_busy_platform_is_waited_for_as_it_asks",
    "burst of 5xx": "test_target_faults.test_a_burst_of_errors_leaves_one_document",
    "access that ends between two pages": "test_target_faults."
    "test_an_access_that_ends_between_two_pages_is_renewed_or_nothing_half_read_is_kept",
    "access that is taken away": "test_target_faults."
    "test_an_access_that_the_merchant_took_away_is_told_and_given_again_it_loses_nothing",
    "locked period": "test_target_conformance.test_a_locked_period_is_the_merchants_turn",
    "archived account": "test_target_conformance.test_an_archived_account_is_the_merchants_turn",
    "deleted tax rate": "test_target_faults.test_a_tax_rate_that_is_gone_is_the_merchants_turn",
    "duplicate number": "test_target_faults.test_a_number_that_a_person_has_used_is_one_document_and_somebody_is_told",
}
SOURCE_FAULTS: Final = {
    "row that changes while pages are read": "test_source_faults."
    "test_a_row_that_changes_while_the_list_is_read_counts_once_as_it_was_last",
    "sales made while pages are read": "test_restless_sources."
    "test_what_is_sold_while_pages_are_read_is_read_the_next_time_and_nothing_is_there_twice",
    "repeated cursor": "test_conformance.test_a_cursor_that_comes_again_is_an_error_and_no_endless_walk",
    "JSON that is cut off": "test_source_faults."
    "test_json_that_is_cut_off_stores_nothing_of_itself_and_the_next_pull_has_all",
    "list that breaks in mid-way": "test_source_faults."
    "test_a_list_that_breaks_in_mid_way_keeps_what_came_and_does_not_pass_for_whole",
    "unknown word": "test_source_faults.test_a_word_that_nobody_knows_holds_up_its_row_alone_until_it_is_mended",
    "a worker that dies in mid pull": "test_resuming."
    "test_a_pull_that_ends_after_each_page_goes_on_there_and_brings_all",
    "a cursor that has expired": "test_resuming."
    "test_a_bookmark_that_is_not_taken_any_more_begins_the_listing_once_more_and_not_a_third_time",
    "late row": "test_source_faults.test_a_row_that_the_platform_shows_late_is_found_by_the_look_back",
    "access that ends in mid pull": "test_conformance_wire.test_an_access_that_has_ended_is_renewed_once_in_mid_pull",
    "access that is taken away": "test_conformance_wire."
    "test_an_access_that_was_taken_away_ends_the_pull_and_is_not_asked_for_again_and_again",
}
BOTH_FAULTS: Final = {
    "two workers renew at once": "test_connection_life.test_workers_that_meet_the_end_at_once_renew_it_once",
    "access that is taken away, and given again": "test_connection_life."
    "test_an_access_that_is_taken_away_is_told_with_its_reason_until_it_is_given_again",
    "access in a log, a trace, an answer or a page": "test_connection_life."
    "test_the_access_is_seen_nowhere_in_all_its_life",
    "a call past the server that stands in": "test_connection_life."
    "test_with_another_server_in_its_place_nothing_goes_to_the_platform",
}
DOCS: Final = Path(__file__).parents[2] / "docs" / "faults.md"


def shown_for(name: str) -> set[str]:
    """The platforms for which a test is run, as it is parametrised; one with several interfaces is told by each."""
    module, _, function = name.partition(".")
    test: Callable[..., Any] = getattr(__import__(f"tests.platforms.{module}", fromlist=[function]), function)
    for mark in getattr(test, "pytestmark", ()):
        if mark.name == "parametrize" and mark.args[0] in ("key", "source"):
            return {str(getattr(each, "values", (each,))[0]) for each in mark.args[1]}
    raise AssertionError(f"{name} is not a law of platforms")


def rendered() -> str:
    """`docs/faults.md`."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    from tests.platforms.folders import outside_platforms
    from tests.platforms.targets import targets

    yield "# Faults"
    yield ""
    yield "What goes wrong at platforms, and the law in `tests/platforms/` that shows what comes of it (–: not shown"
    yield "there). Made of the tests: `python -m tests.platforms.test_fault_matrix > docs/faults.md`."
    every = sorted({*outside_platforms(), *targets()})
    tables = (("Targets", targets(), TARGET_FAULTS), ("Sources", outside_platforms(), SOURCE_FAULTS),
              ("Connections", every, BOTH_FAULTS))  # fmt: skip
    for title, platforms, faults in tables:
        yield from ("", f"## {title}", "")
        yield f"| fault | {' | '.join(platforms)} | shown by |"
        yield "|---|" + "---|" * (len(platforms) + 1)
        for fault, name in faults.items():
            cells = ["✓" if each in shown_for(name) else "–" for each in platforms]
            module, _, function = name.partition(".")
            law = function.removeprefix("test_").replace("_", " ")
            yield f"| {fault} | {' | '.join(cells)} | `{module}.py`: {law} |"


def test_every_fault_is_shown_at_every_platform() -> None:
    from tests.platforms.folders import outside_platforms
    from tests.platforms.targets import targets

    assert {fault for fault, name in TARGET_FAULTS.items() if shown_for(name) != set(targets())} == set()
    missing = {fault: set(outside_platforms()) - shown_for(name) for fault, name in SOURCE_FAULTS.items()}
    # A partner's own lists have no stateful stand-in, and so no month that can be told while it is read.
    assert {each: left for each, left in missing.items() if left} == {
        "sales made while pages are read": {"partner_pull"}
    }


def test_the_published_table_is_that_of_the_tests() -> None:
    assert DOCS.read_text() == rendered()


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commerce_sync.settings")
    django.setup()
    sys.stdout.write(rendered())
