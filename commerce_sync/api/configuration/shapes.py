"""The published configuration. One set of shapes for both directions: what GET answers, edited, is what POST takes.

What is absent, or null where the contract has no null, stays as it is. Labels, descriptions and lists of options are
ours to say; in a body they are read and left alone. Pure.
"""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from msgspec import UNSET, Meta, UnsetType

from commerce_sync.api.shape import Input

Id = Annotated[str, Meta(max_length=200)]
Frequency = Literal["Daily", "Monthly"]
Cadence = Literal["hourly", "daily", "monthly", "event"]
PostingMode = Literal["journal", "invoice", "perOrder", "perPayout"]


class AccountConfigurationOption(Input):
    """An account of the accounting software."""

    id: str | UnsetType = UNSET
    name: str | None | UnsetType = UNSET
    nominal_code: str | None | UnsetType = UNSET
    classification: str | None | UnsetType = UNSET


class AccountConfiguration(Input):
    """What one part of the sales is booked on. Null takes the choice away."""

    label_text: str | None | UnsetType = UNSET
    description_text: str | None | UnsetType = UNSET
    selected_account_id: Id | None | UnsetType = UNSET
    required: bool | UnsetType = UNSET
    account_options: list[AccountConfigurationOption] | None | UnsetType = UNSET


Accounts = Annotated[dict[str, AccountConfiguration], Meta(max_length=1_000)]


class ConfigurationOption(Input):
    """Something to choose by its id."""

    id: str | UnsetType = UNSET
    name: str | None | UnsetType = UNSET


class TaxRateAmount(Input):
    """The accounting software's tax rate for one rate of the sales. Null takes the choice away."""

    selected_tax_rate_id: Id | None | UnsetType = UNSET
    tax_rate_options: list[ConfigurationOption] | None | UnsetType = UNSET


class TaxRateMapping(Input):
    """The accounting software's tax rate for the tax components that are charged together."""

    selected_commerce_tax_rate_ids: list[Id] | None | UnsetType = UNSET
    selected_accounting_tax_rate_id: Id | None | UnsetType = UNSET


class NewTaxRates(Input):
    """Tax rates by component: the same choices as ``taxRates``, said the other way round."""

    accounting_tax_rate_options: list[ConfigurationOption] | None | UnsetType = UNSET
    commerce_tax_rate_options: list[ConfigurationOption] | None | UnsetType = UNSET
    tax_rate_mappings: Annotated[list[TaxRateMapping], Meta(max_length=1_000)] | None | UnsetType = UNSET
    selected_default_zero_tax_rate_id: Id | None | UnsetType = UNSET
    default_zero_tax_rate_options: list[ConfigurationOption] | None | UnsetType = UNSET


class InvoiceStatus(Input):
    """How invoices arrive there."""

    selected_invoice_status: str | None | UnsetType = UNSET
    invoice_status_options: list[str] | None | UnsetType = UNSET


class SalesCustomer(Input):
    """Who the sales are invoiced to."""

    selected_customer_id: Id | None | UnsetType = UNSET
    customer_options: list[ConfigurationOption] | None | UnsetType = UNSET


class FeesSupplier(Input):
    """Who bills the fees."""

    selected_supplier_id: Id | None | UnsetType = UNSET
    supplier_options: list[ConfigurationOption] | None | UnsetType = UNSET


class GroupingPeriod(Input):
    """The time whose sales are posted together."""

    selected_grouping_period: str | None | UnsetType = UNSET
    grouping_period_options: list[str] | None | UnsetType = UNSET


class InvoiceLevelSelection(Input):
    """What makes a document of its own."""

    selected_group_by_options: Annotated[list[str], Meta(max_length=20)] | None | UnsetType = UNSET
    group_by_options: list[str] | None | UnsetType = UNSET


class InvoiceLineLevelSelection(Input):
    """What makes a line of its own."""

    selected_group_by_options: Annotated[list[str], Meta(max_length=20)] | None | UnsetType = UNSET
    group_by_options: list[str] | None | UnsetType = UNSET


class GroupingLevels(Input):
    """How sales are summed."""

    invoice_level: InvoiceLevelSelection | None | UnsetType = UNSET
    invoice_line_level: InvoiceLineLevelSelection | None | UnsetType = UNSET


class Grouping(Input):
    """How sales are brought together."""

    grouping_period: GroupingPeriod | None | UnsetType = UNSET
    grouping_levels: GroupingLevels | None | UnsetType = UNSET


class SalesConfiguration(Input):
    """Sales, refunds, what is owed on them, and their taxes."""

    sync_sales: bool | UnsetType = UNSET
    accounts: Accounts | None | UnsetType = UNSET
    invoice_status: InvoiceStatus | None | UnsetType = UNSET
    sales_customer: SalesCustomer | None | UnsetType = UNSET
    tax_rates: Annotated[dict[str, TaxRateAmount], Meta(max_length=1_000)] | None | UnsetType = UNSET
    new_tax_rates: NewTaxRates | None | UnsetType = UNSET
    grouping: Grouping | None | UnsetType = UNSET


class PaymentsConfiguration(Input):
    """Where the money of each type of payment waits, and where payouts arrive."""

    sync_payments: bool | UnsetType = UNSET
    accounts: Accounts | None | UnsetType = UNSET


class NewPaymentsConfiguration(Input):
    """The same as ``payments``, by the contract's other name: taken in a body, never answered."""

    sync_payments: bool | UnsetType = UNSET
    accounts: Accounts | None | UnsetType = UNSET


class FeesConfiguration(Input):
    """What processors and platforms charge, lend and keep back."""

    fees_supplier: FeesSupplier | None | UnsetType = UNSET
    sync_fees: bool | UnsetType = UNSET
    accounts: Accounts | None | UnsetType = UNSET


class ConfigurationMapSettings(Input):
    """How sales arrive in the books. The contract has a word for journals only; ``mode`` (ours) says all of it, and
    ``outputFormat`` is there when documents are journals."""

    output_format: Literal["JournalEntry"] | UnsetType = UNSET
    mode: PostingMode | UnsetType = UNSET
    mode_options: list[PostingMode] | None | UnsetType = UNSET


class CommerceConfiguration(Input):
    """How sales are kept."""

    country_code: str | None | UnsetType = UNSET
    map_settings: ConfigurationMapSettings | None | UnsetType = UNSET
    sales: SalesConfiguration | None | UnsetType = UNSET
    payments: PaymentsConfiguration | None | UnsetType = UNSET
    new_payments: NewPaymentsConfiguration | None | UnsetType = UNSET
    fees: FeesConfiguration | None | UnsetType = UNSET


class SyncSchedule(Input):
    """When syncs run by themselves. The contract knows daily and monthly; ``cadence`` (ours) says hourly and on each
    event too, and then there is no ``selectedFrequency``. ``startDate`` is the instant at which the first day begins
    that is kept; a text without offset is on the company's clock."""

    selected_frequency: Frequency | None | UnsetType = UNSET
    frequency_options: list[Frequency] | None | UnsetType = UNSET
    cadence: Cadence | UnsetType = UNSET
    cadence_options: list[Cadence] | None | UnsetType = UNSET
    start_date: Annotated[str, Meta(max_length=64)] | None | UnsetType = UNSET
    sync_hour: int | None | UnsetType = UNSET
    time_zone: Annotated[str, Meta(max_length=64)] | None | UnsetType = UNSET


class Configuration(Input):
    """A company's configuration."""

    company_id: UUID | UnsetType = UNSET
    accounting_software_company_name: str | None | UnsetType = UNSET
    enable: bool | UnsetType = UNSET
    configured: bool | UnsetType = UNSET
    schedule: SyncSchedule | None | UnsetType = UNSET
    configuration: CommerceConfiguration | None | UnsetType = UNSET
