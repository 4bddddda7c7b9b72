"""What a configuration that was sent asks for, as a book and a plan. Pure.

Only what differs from what we would answer is a change: so a GET that is sent back changes nothing, what the published
words cannot say of a book stays, and where two fields say the same thing in two ways, the one that was edited counts.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from typing import Any, TypeVar

from msgspec import UNSET, UnsetType, structs

from commerce_sync.api.configuration import shapes, words
from commerce_sync.api.configuration.wanted_days import with_days
from commerce_sync.api.configuration.wanted_taxes import with_tax_codes
from commerce_sync.configuration.fields import Section, account_of, field_of, with_account
from commerce_sync.configuration.known import Known, Plan
from commerce_sync.configuration.wanted import Problem, Wanted
from commerce_sync.schedule import Frequency
from ledger.book import Book, Policy

T = TypeVar("T", bound=Hashable)

_BOTH_SAID = "Two fields say different things here. Change one of them and leave the other as it was."


def said(value: T | None | UnsetType) -> T | None:
    """A value that was sent; None for one that was left out."""
    return None if value is UNSET else value


def wanted(body: shapes.Configuration, known: Known) -> Wanted:
    """The book and the plan that ``body`` asks for, from those that are ``known``."""
    problems: list[Problem] = []
    if said(body.company_id) not in (None, known.company_id):
        problems.append(("companyId", "This is another company's id: the company is the one in the address."))
    commerce = said(body.configuration) or shapes.CommerceConfiguration()
    sales = said(commerce.sales) or shapes.SalesConfiguration()
    book = _with_accounts(commerce, sales, known, problems)
    book = _with_mode(said(commerce.map_settings), book, known, problems)
    book = with_tax_codes(sales, book, known, problems)
    book = _with_parties(sales, said(commerce.fees), book)
    book = structs.replace(book, policy=_policy(commerce, sales, book.policy, problems))
    schedule = said(body.schedule) or shapes.SyncSchedule()
    plan = _plan(schedule, known, problems)
    book = with_days(schedule, book, known, plan.zone, problems)
    return Wanted(book, plan, said(body.enable), tuple(problems))


def one_change(shown: T, values: Iterable[T]) -> tuple[T, bool]:
    """The one value that is not what was ``shown``, or that; and whether several contradict each other."""
    changes = list(dict.fromkeys(value for value in values if value != shown))
    return (changes[0] if changes else shown), len(changes) > 1


def _with_accounts(
    commerce: shapes.CommerceConfiguration, sales: shapes.SalesConfiguration, known: Known, problems: list[Problem]
) -> Book:
    payments = said(commerce.payments) or shapes.PaymentsConfiguration()
    new_payments = said(commerce.new_payments) or shapes.NewPaymentsConfiguration()
    fees = said(commerce.fees) or shapes.FeesConfiguration()
    sections: Sequence[tuple[str, Section, dict[str, shapes.AccountConfiguration] | None | UnsetType]] = (
        ("sales", "sales", sales.accounts),
        ("payments", "payments", payments.accounts),
        ("newPayments", "payments", new_payments.accounts),
        ("fees", "fees", fees.accounts),
    )
    asked: dict[str, list[tuple[str, str]]] = {}
    for name, section, accounts in sections:
        for key, entry in ({} if accounts is UNSET or accounts is None else accounts).items():
            if entry.selected_account_id is UNSET:
                continue
            path = f"configuration.{name}.accounts.{key[:100]}.selectedAccountId"
            field = field_of(section, key)
            if field is None:
                problems.append((path, "There is no such account to choose. GET lists the ones that there are."))
            else:
                asked.setdefault(field.role, []).append((path, entry.selected_account_id or ""))
    book = known.book
    for role in sorted(asked, key=lambda each: (each.count(":"), each)):  # general choices before those below them
        account, contradict = one_change(account_of(known.book, role), (value for _, value in asked[role]))
        if contradict:
            problems += [(path, _BOTH_SAID) for path, _ in asked[role]]
        elif account != account_of(known.book, role):
            book = with_account(book, role, account)
    return book


def _with_mode(
    said_settings: shapes.ConfigurationMapSettings | None, book: Book, known: Known, problems: list[Problem]
) -> Book:
    if said_settings is None:
        return book
    path = "configuration.mapSettings.mode"
    mode = book.mode if said_settings.mode is UNSET else words.MODES_READ[said_settings.mode]
    if said_settings.output_format is not UNSET and mode not in words.JOURNALS:
        # GET does not say JournalEntry of these modes, so somebody wants journals, or wants both.
        if mode == known.book.mode:
            mode = "journal"
        elif known.book.mode not in words.JOURNALS:
            problems.append((path, _BOTH_SAID))
    if mode not in known.modes():
        problems.append((path, f"The accounting software cannot take sales this way ({words.MODES[mode]})."))
        return book
    return structs.replace(book, mode=mode)


def _with_parties(sales: shapes.SalesConfiguration, fees: shapes.FeesConfiguration | None, book: Book) -> Book:
    customer = said(sales.sales_customer)
    if customer is not None and customer.selected_customer_id is not UNSET:
        book = structs.replace(book, customer=customer.selected_customer_id or "")
    supplier = said(fees.fees_supplier) if fees is not None else None
    if supplier is not None and supplier.selected_supplier_id is not UNSET:
        book = structs.replace(book, supplier=supplier.selected_supplier_id or "")
    return book


def _policy(
    commerce: shapes.CommerceConfiguration,
    sales: shapes.SalesConfiguration,
    policy: Policy,
    problems: list[Problem],
) -> Policy:
    changes: dict[str, Any] = {}
    _refuse_left_out(commerce, sales, problems)
    keeps_fees = said(fees.sync_fees) if (fees := said(commerce.fees)) is not None else None
    if keeps_fees is not None and keeps_fees != (policy.fees_from != "none"):
        changes["fees_from"] = "records" if keeps_fees else "none"
    status = said(sales.invoice_status)
    if status is not None and status.selected_invoice_status is not UNSET:
        path = "configuration.sales.invoiceStatus.selectedInvoiceStatus"
        if status.selected_invoice_status in words.STATUSES:
            changes["draft_invoices"] = status.selected_invoice_status == words.DRAFT
        else:
            problems.append((path, _choose("an invoice status", words.STATUSES)))
    changes |= _grouping(said(sales.grouping), policy, problems)
    return structs.replace(policy, **changes) if changes else policy


def _refuse_left_out(
    commerce: shapes.CommerceConfiguration, sales: shapes.SalesConfiguration, problems: list[Problem]
) -> None:
    """A sale is booked with what pays for it: neither can be left out."""
    if said(sales.sync_sales) is False:
        sentence = "Sales are always kept. To stop all syncs, set enable to false."
        problems.append(("configuration.sales.syncSales", sentence))
    for name, section in (("payments", said(commerce.payments)), ("newPayments", said(commerce.new_payments))):
        if section is not None and said(section.sync_payments) is False:
            sentence = "Payments are always kept with the sales that they settle, and fees need them: leave it true."
            problems.append((f"configuration.{name}.syncPayments", sentence))


def _grouping(grouping: shapes.Grouping | None, policy: Policy, problems: list[Problem]) -> dict[str, Any]:
    if grouping is None:
        return {}
    base = "configuration.sales.grouping"
    changes: dict[str, Any] = {}
    period = said(grouping.grouping_period) or shapes.GroupingPeriod()
    if period.selected_grouping_period not in (UNSET, *words.PERIODS):
        path = f"{base}.groupingPeriod.selectedGroupingPeriod"
        problems.append((path, _choose("a grouping period", words.PERIODS)))
    levels = said(grouping.grouping_levels) or shapes.GroupingLevels()
    document = said(levels.invoice_level) or shapes.InvoiceLevelSelection()
    picked = _picked(document, words.LEVELS, f"{base}.groupingLevels.invoiceLevel", problems)
    if picked is not None and picked != words.document_levels(policy):
        changes["group_by"] = tuple(words.SPLITS[name] for name in picked if name != words.DAY)
    line = said(levels.invoice_line_level) or shapes.InvoiceLineLevelSelection()
    path = f"{base}.groupingLevels.invoiceLineLevel"
    picked = _picked(line, words.LINE_LEVELS, path, problems)
    if picked is not None and picked != words.line_levels(policy):
        details = [words.DETAILS[name] for name in picked if name != words.TAX_RATE]
        if len(details) > 1:
            problems.append((f"{path}.selectedGroupByOptions", f"Choose one beside {words.TAX_RATE}."))
        else:
            changes["sales_by"] = details[0] if details else ""
    return changes


def _picked(
    selection: shapes.InvoiceLevelSelection | shapes.InvoiceLineLevelSelection,
    options: Sequence[str],
    path: str,
    problems: list[Problem],
) -> list[str] | None:
    """The distinct options that were picked; None when nothing was said or it cannot be."""
    if selection.selected_group_by_options is UNSET:
        return None
    picked = list(dict.fromkeys(selection.selected_group_by_options or ()))
    if picked and set(picked) <= set(options):
        return picked
    problems.append((f"{path}.selectedGroupByOptions", _choose("at least one", options)))
    return None


def _choose(what: str, options: Iterable[str]) -> str:
    return f"Choose {what}: {', '.join(options)}."


def _plan(schedule: shapes.SyncSchedule, known: Known, problems: list[Problem]) -> Plan:
    plan = known.plan
    if schedule.selected_frequency is None:
        problems.append(("schedule.selectedFrequency", _choose("a frequency", words.FREQUENCIES.values())))
    frequencies: list[Frequency] = []
    if schedule.selected_frequency is not UNSET and schedule.selected_frequency is not None:
        frequencies.append(words.FREQUENCIES_READ[schedule.selected_frequency])
    if schedule.cadence is not UNSET:
        frequencies.append(schedule.cadence)
    frequency, contradict = one_change(plan.frequency, frequencies)
    if contradict:
        problems.append(("schedule.selectedFrequency", _BOTH_SAID))
    hour = said(schedule.sync_hour)
    if hour is not None and not 0 <= hour <= 23:
        problems.append(("schedule.syncHour", "The hour is a whole number from 0 to 23, on the clock of timeZone."))
        hour = None
    return plan._replace(
        frequency=frequency,
        hour=plan.hour if hour is None else hour,
        zone=said(schedule.time_zone) or plan.zone,
    )
