"""A world is built, faults are planted, the watches look, and what they found is held against what was planted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from health.findings.watching import look_at, look_at_house
from health.models import Finding
from ledger.models import Company, RecordRow
from tests.planted.fault import Fault
from tests.planted.faults_books import FAULTS as OF_BOOKS
from tests.planted.faults_books import with_a_bank
from tests.planted.faults_work import FAULTS as OF_WORK
from tests.planted.world import begin, kept

FAULTS: Final = (*OF_BOOKS, *OF_WORK)
Found = dict[int | None, set[str]]


class Verdict(Struct):
    """What came out. ``missed`` (or misnamed) and ``false`` are sentences; both should be empty."""

    companies: int
    records: int
    planted: int
    missed: list[str] = []
    false: list[str] = []

    @property
    def found(self) -> int:
        """Faults that were found and named rightly."""
        return self.planted - len(self.missed)

    @property
    def line(self) -> str:
        """All of it in one line."""
        return (
            f"{self.companies} companies, {self.records:,} records: {self.found} of {self.planted} planted faults "
            f"found and named rightly, {len(self.false)} false findings"
        )


def clean_world(companies: int) -> Verdict:
    """Merchants without any fault: whatever is found is false."""
    begin()
    for number in range(companies):
        (with_a_bank if number % 3 == 0 else kept)(f"clean{number:02d}")
    return _verdict({}, {}, 0)


def faulty_world(faults: Sequence[Fault] = FAULTS) -> Verdict:
    """One merchant for each fault."""
    begin()
    expected: dict[int | None, list[Fault]] = defaultdict(list)
    names: dict[int | None, str] = {None: "the house"}
    for number, fault in enumerate(faults):
        shop = fault.plant(f"w{number:02d}")
        company_id = shop.company.pk if shop else None
        expected[company_id].append(fault)
        if shop:
            names[company_id] = fault.name
    return _verdict(expected, names, len(faults))


def _verdict(expected: dict[int | None, list[Fault]], names: dict[int | None, str], planted: int) -> Verdict:
    found = _found()
    verdict = Verdict(Company.objects.count(), RecordRow.objects.count(), planted)
    for company_id, faults in expected.items():
        for fault in faults:
            if fault.code not in found.get(company_id, set()):
                saw = ", ".join(sorted(found.get(company_id, set()))) or "nothing"
                verdict.missed.append(f"{fault.name}: expected {fault.code}, found {saw}")
    for company_id, codes in found.items():
        allowed = {code for fault in expected.get(company_id, []) for code in (fault.code, *fault.also)}
        verdict.false += [f"{names.get(company_id, company_id)}: {code}" for code in sorted(codes - allowed)]
    return verdict


def _found() -> Found:
    ids = list(Company.objects.values_list("pk", flat=True))
    look_at(ids, "night")
    look_at_house()
    found: Found = defaultdict(set)
    for company_id, code in Finding.objects.filter(resolved_at=None).values_list("company_id", "code"):
        found[company_id].add(code)
    return found
