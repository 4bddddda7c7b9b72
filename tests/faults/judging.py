"""After the quiet: everything that the tills say was sold is in the books exactly once, and nothing else is."""

from __future__ import annotations

from collections import Counter
from datetime import date

from msgspec import Struct

from commerce_sync.models import Job, Sync
from commerce_sync.status import NOTHING_TO_WRITE, WRITTEN
from connectors.models import Binding, PushItem
from ledger import sql
from ledger.models import Document
from tests.faults.merchants import Merchant, Town, sold_by_day

CLEARING, SALES = "1100", "4000"


class Verdict(Struct):
    """Sentences about what is wrong, by kind; all should be empty."""

    lost: list[str] = []
    doubled: list[str] = []
    unbalanced: list[str] = []
    stuck: list[str] = []
    untrue: list[str] = []

    @property
    def is_good(self) -> bool:
        """Nothing is wrong."""
        return not (self.lost or self.doubled or self.unbalanced or self.stuck or self.untrue)

    @property
    def line(self) -> str:
        """The counts."""
        return (
            f"lost {len(self.lost)}, doubled {len(self.doubled)}, unbalanced {len(self.unbalanced)}, "
            f"stuck {len(self.stuck)}, untrue {len(self.untrue)}"
        )


def judge(town: Town) -> Verdict:
    """Compare every merchant's till with its books outside, and with what we believe of both."""
    verdict = Verdict()
    for merchant in town.merchants:
        _documents(merchant, verdict)
        _money(merchant, verdict)
        _beliefs(merchant, verdict)
    verdict.untrue += town.place.trespasses
    for job in Job.objects.exclude(state="dead").select_related("company"):
        verdict.stuck.append(f"{job.company.name}: job {job.key} is {job.state}")
    verdict.stuck += [f"a job was given up: {job.last_error[-200:]}" for job in Job.objects.filter(state="dead")]
    verdict.stuck += [f"{each.company.name}: a sync has not ended" for each in Sync.objects.filter(finished_at=None)]
    return verdict


def _documents(merchant: Merchant, verdict: Verdict) -> None:
    """Each reference once; each document balanced."""
    counted = Counter(each["reference"] for each in merchant.books.documents)
    verdict.doubled += [f"{merchant.company.name}: {name} is there {n} times" for name, n in counted.items() if n > 1]
    for each in merchant.books.documents:
        debits, credits = sum(line[1] for line in each["entries"]), sum(line[2] for line in each["entries"])
        if debits != credits or not debits:
            verdict.unbalanced.append(f"{merchant.company.name}: {each['reference']}: {debits} against {credits}")


def _money(merchant: Merchant, verdict: Verdict) -> None:
    """Per business day what was sold is what the books have, on both accounts."""
    held: Counter[tuple[date, str]] = Counter()
    for each in merchant.books.documents:
        for account, debit, credit in each["entries"]:
            held[date.fromisoformat(each["date"]), account] += debit - credit
    sold = sold_by_day(merchant)
    for day in sorted({*sold, *(day for day, _ in held)}):
        wanted = sold.get(day, 0)
        for account, found in ((CLEARING, held[day, CLEARING]), (SALES, -held[day, SALES])):
            if found != wanted:
                words = f"{merchant.company.name}, {day}, {account}: sold {wanted}, in the books {found}"
                (verdict.lost if found < wanted else verdict.doubled).append(words)
    others = {account for _, account in held} - {CLEARING, SALES}
    verdict.untrue += [f"{merchant.company.name}: something is on {account}" for account in sorted(others)]


def _beliefs(merchant: Merchant, verdict: Verdict) -> None:
    """What we say of deliveries, records and syncs is so."""
    name = merchant.company.name
    there = {each["id"]: each["reference"] for each in merchant.books.documents}
    bound = dict(Binding.objects.filter(connection=merchant.accounting).values_list("remote_id", "document__reference"))
    if there != bound:
        verdict.untrue.append(f"{name}: {len(there)} documents are there, {len(bound)} are bound")
    states = set(PushItem.objects.filter(company=merchant.company).values_list("state", flat=True))
    verdict.stuck += [f"{name}: documents are {state}" for state in sorted(states - {"pushed"})]
    open_ones = Document.objects.filter(company=merchant.company, pushed_at=None, withdrawn_at=None).count()
    if open_ones:
        verdict.lost.append(f"{name}: {open_ones} documents were never delivered")
    pending, twice = sql.rows(
        """SELECT count(*) FILTER (WHERE state = 0),
               count(*) FILTER (WHERE state = 1) - count(DISTINCT record.external_id) FILTER (WHERE state = 1)
           FROM ledger_standing standing JOIN ledger_record record ON record.id = standing.record_id
           WHERE standing.company_id = %s""",
        (merchant.company.pk,),
    )[0]
    if pending:
        verdict.lost.append(f"{name}: {pending} records are not in the books")
    if twice:
        verdict.doubled.append(f"{name}: {twice} records are in the books twice")
    last = Sync.objects.filter(company=merchant.company).exclude(finished_at=None).order_by("-id").first()
    if last is None or last.code not in (WRITTEN, NOTHING_TO_WRITE):
        verdict.untrue.append(f"{name}: the last sync says {last.code if last else 'nothing'}")
