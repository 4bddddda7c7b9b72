"""A book as the published configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import UNSET

from commerce_sync.api.configuration import shapes, words
from commerce_sync.configuration.fields import Field, Section, account_of
from commerce_sync.configuration.known import Known, rate_keys
from connectors.session import Option


def configuration(known: Known) -> shapes.Configuration:
    """What GET answers, and what POST takes back."""
    return shapes.Configuration(
        company_id=known.company_id,
        accounting_software_company_name=known.company_name,
        enable=known.enabled,
        configured=known.configured,
        schedule=_schedule(known),
        configuration=shapes.CommerceConfiguration(
            map_settings=_map_settings(known),
            sales=_sales(known),
            payments=shapes.PaymentsConfiguration(sync_payments=True, accounts=_accounts(known, "payments")),
            fees=_fees(known),
        ),
    )


def _schedule(known: Known) -> shapes.SyncSchedule:
    start_on = known.book.start_on
    begins_at = known.book.calendar.bounds(start_on)[0] if start_on else None
    return shapes.SyncSchedule(
        selected_frequency=words.FREQUENCIES.get(known.plan.frequency, UNSET),
        frequency_options=list(words.FREQUENCIES.values()),
        cadence=known.plan.frequency,
        cadence_options=list(words.CADENCES),
        start_date=begins_at.strftime("%Y-%m-%dT%H:%M:%SZ") if begins_at else UNSET,
        sync_hour=known.plan.hour,
        time_zone=known.plan.zone,
    )


def _map_settings(known: Known) -> shapes.ConfigurationMapSettings:
    return shapes.ConfigurationMapSettings(
        output_format="JournalEntry" if known.book.mode in words.JOURNALS else UNSET,
        mode=words.MODES[known.book.mode],
        mode_options=[words.MODES[mode] for mode in known.modes()],
    )


def _sales(known: Known) -> shapes.SalesConfiguration:
    book = known.book
    return shapes.SalesConfiguration(
        sync_sales=True,
        accounts=_accounts(known, "sales"),
        invoice_status=shapes.InvoiceStatus(
            selected_invoice_status=words.DRAFT if book.policy.draft_invoices else words.SUBMITTED,
            invoice_status_options=list(words.STATUSES),
        ),
        sales_customer=shapes.SalesCustomer(
            selected_customer_id=book.customer or None, customer_options=_named(known.of_kind("customer"))
        ),
        tax_rates=_tax_rates(known),
        new_tax_rates=_new_tax_rates(known),
        grouping=shapes.Grouping(
            grouping_period=shapes.GroupingPeriod(
                selected_grouping_period=words.PERIOD, grouping_period_options=list(words.PERIODS)
            ),
            grouping_levels=shapes.GroupingLevels(
                invoice_level=shapes.InvoiceLevelSelection(
                    selected_group_by_options=words.document_levels(book.policy), group_by_options=list(words.LEVELS)
                ),
                invoice_line_level=shapes.InvoiceLineLevelSelection(
                    selected_group_by_options=words.line_levels(book.policy), group_by_options=list(words.LINE_LEVELS)
                ),
            ),
        ),
    )


def _fees(known: Known) -> shapes.FeesConfiguration:
    return shapes.FeesConfiguration(
        sync_fees=known.book.policy.fees_from != "none",
        fees_supplier=shapes.FeesSupplier(
            selected_supplier_id=known.book.supplier or None, supplier_options=_named(known.of_kind("supplier"))
        ),
        accounts=_accounts(known, "fees"),
    )


def _accounts(known: Known, section: Section) -> dict[str, shapes.AccountConfiguration]:
    options = {option.id: _option(option) for option in known.of_kind("account")}
    return {
        field.key: _account(known, field, options)
        for field in known.fields
        if field.section == section and known.shows(field)
    }


def _option(option: Option) -> shapes.AccountConfigurationOption:
    return shapes.AccountConfigurationOption(
        id=option.id,
        name=option.name,
        nominal_code=option.code or None,
        classification=words.CLASSIFICATIONS.get(option.type),
    )


def _account(
    known: Known, field: Field, options: dict[str, shapes.AccountConfigurationOption]
) -> shapes.AccountConfiguration:
    reason = known.reasons.get(field.role)
    return shapes.AccountConfiguration(
        label_text=field.label,
        description_text=reason.sentence if reason else None,
        selected_account_id=account_of(known.book, field.role) or None,
        required=field.required,
        account_options=[options[option.id] for option in known.accounts_for(field)],
    )


def _tax_rates(known: Known) -> dict[str, shapes.TaxRateAmount]:
    options = _named(known.of_kind("tax_rate"))
    return {
        key: shapes.TaxRateAmount(
            selected_tax_rate_id=known.book.tax_code(tax, known.today) or None, tax_rate_options=options
        )
        for key, tax in rate_keys(known.all_rates()).items()
    }


def _new_tax_rates(known: Known) -> shapes.NewTaxRates:
    rates = known.all_rates()
    components = {component: component for rate in rates for component in rate.components}
    components |= {rate.tax: rate.name for rate in rates if rate.components == (rate.tax,) and rate.name}
    return shapes.NewTaxRates(
        accounting_tax_rate_options=_named(known.of_kind("tax_rate")),
        commerce_tax_rate_options=[
            shapes.ConfigurationOption(id=component, name=name) for component, name in sorted(components.items())
        ],
        tax_rate_mappings=[
            shapes.TaxRateMapping(
                selected_commerce_tax_rate_ids=list(rate.components),
                selected_accounting_tax_rate_id=known.book.tax_code(rate.tax, known.today) or None,
            )
            for rate in rates
        ],
        # What is not taxed goes without a tax rate, so there is none to choose.
        selected_default_zero_tax_rate_id=None,
        default_zero_tax_rate_options=[],
    )


def _named(options: Iterable[Option]) -> list[shapes.ConfigurationOption]:
    return [shapes.ConfigurationOption(id=option.id, name=option.name) for option in options]
