"""The vendor's own Python SDK, unchanged but for the base URL, through a whole story and all 22 operations."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from commerce_sync import work
from tests.api import live
from tests.api.cast import Api, an_order, basic, make_partner

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from codat_sync_for_commerce import CodatSyncCommerce
    from codat_sync_for_commerce.models import errors, operations, shared
    from codat_sync_for_commerce.utils import BackoffStrategy, RetryConfig

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture
def partner_api() -> Api:
    return Api(make_partner())


@pytest.fixture
def sdk(partner_api: Api) -> Iterator[CodatSyncCommerce]:
    with live.running() as url:
        yield _client(url, partner_api.secret)


def _client(url: str, secret: str) -> CodatSyncCommerce:
    return CodatSyncCommerce(
        security=shared.Security(auth_header=basic(secret)),
        server_url=url,
        retry_config=RetryConfig("none", BackoffStrategy(1, 1, 1, 1), False),
    )


def _present(value: Any) -> Any:
    assert value is not None
    return value


def test_the_whole_story_by_the_vendors_sdk(sdk: CodatSyncCommerce, partner_api: Api) -> None:
    # Integrations: what there is to connect.
    listed = _present(sdk.integrations.list(request=operations.ListIntegrationsRequest(page_size=50)))
    keys = {each.name: each.key for each in listed.results}
    branding = _present(
        sdk.integrations.get_branding(
            request=operations.GetIntegrationBrandingRequest(platform_key=keys["Partner sales"])
        )
    )
    assert branding.logo.full.image.src.startswith("http")

    # A company, its two connections, and access on behalf of the merchant.
    company = _present(sdk.advanced_controls.create_company(request=shared.CreateCompany(name="Rose and Crown")))
    found = _present(
        sdk.advanced_controls.list_companies(request=operations.ListCompaniesRequest(query=f"id={company.id}"))
    )
    assert [each.id for each in found.results] == [company.id]
    connections = {}
    for name in ("Partner sales", "Built-in general ledger"):
        body = operations.CreateConnectionRequestBody(platform_key=keys[name])
        made = _present(
            sdk.connections.create(request=operations.CreateConnectionRequest(company_id=company.id, request_body=body))
        )
        assert made.status is shared.DataConnectionStatus.PENDING_AUTH
        asked = operations.UpdateConnectionAuthorizationRequest(
            company_id=company.id, connection_id=made.id, request_body={}
        )
        linked = _present(sdk.connections.update_authorization(request=asked))
        assert linked.status is shared.DataConnectionStatus.LINKED
        connections[name] = made.id
    both = _present(sdk.connections.list(request=operations.ListConnectionsRequest(company_id=company.id)))
    assert {each.id for each in both.results} == set(connections.values())

    # The configuration: the suggestion is read, saved (the SDK cannot send a body), and validated.
    request = operations.GetConfigurationRequest(company_id=company.id)
    suggestion = _present(sdk.advanced_controls.get_configuration(request=request))
    assert suggestion.configured is False
    path = f"/config/companies/{company.id}/sync/commerce"
    wanted = partner_api.get(path).json()
    wanted["enable"] = True
    wanted["schedule"]["startDate"] = "2026-03-01T00:00:00Z"
    saved = partner_api.post(path, wanted)
    assert saved.status_code == 200, saved.content
    validated = _present(
        sdk.advanced_controls.set_configuration(request=operations.SetConfigurationRequest(company_id=company.id))
    )
    assert validated.configured is True

    # The merchant's pages: a link, the texts, the accounts that are shown.
    link = _present(
        sdk.connections.get_sync_flow_url(
            request=operations.GetSyncFlowURLRequest(
                commerce_key=keys["Partner sales"],
                accounting_key=keys["Built-in general ledger"],
                merchant_identifier=company.id,
            )
        )
    )
    assert link.url.startswith("http")
    _texts(sdk)
    _visible_accounts(sdk, partner_api, keys["Built-in general ledger"])

    # Data, a sync, and how it stands.
    data = f"/companies/{company.id}/connections/{connections['Partner sales']}/data/commerce-orders"
    assert partner_api.put(data, [an_order(1), an_order(2)]).status_code == 200
    _syncs(sdk, company.id)

    unlinked = _present(
        sdk.connections.update_connection(
            request=operations.UpdateConnectionRequest(
                company_id=company.id,
                connection_id=connections["Partner sales"],
                update_connection=shared.UpdateConnection(status=shared.DataConnectionStatus.UNLINKED),
            )
        )
    )
    assert unlinked.status is shared.DataConnectionStatus.UNLINKED


def _texts(sdk: CodatSyncCommerce) -> None:
    key = "configure-misc-nextButton"
    for locale in shared.Locale:
        texts = _present(
            sdk.sync_flow_settings.get_config_text_sync_flow(
                request=operations.GetConfigTextSyncFlowRequest(locale=locale)
            )
        )
        assert texts[key].text
    changed = _present(
        sdk.sync_flow_settings.update_config_text_sync_flow(
            request=operations.UpdateConfigTextSyncFlowRequest(
                locale=shared.Locale.EN_US, request_body={key: shared.Localization(text="Onwards")}
            )
        )
    )
    assert changed[key].text == "Onwards"


def _visible_accounts(sdk: CodatSyncCommerce, api: Api, platform: str) -> None:
    changed = _present(
        sdk.sync_flow_settings.update_visible_accounts_sync_flow(
            request=operations.UpdateVisibleAccountsSyncFlowRequest(
                platform_key=platform,
                visible_accounts=shared.VisibleAccounts(visible_accounts=["sales-accounts-gratuity"]),
            )
        )
    )
    read = _present(
        sdk.sync_flow_settings.get_visible_accounts(
            request=operations.GetVisibleAccountsRequest(client_id=str(api.partner.public_id), platform_key=platform)
        )
    )
    assert changed.visible_accounts == read.visible_accounts
    assert "sales-accounts-gratuity" in read.visible_accounts


def _syncs(sdk: CodatSyncCommerce, company_id: str) -> None:
    asked = _present(sdk.sync.request(request=operations.RequestSyncRequest(company_id=company_id)))
    with pytest.raises(errors.ErrorMessage) as refused:
        sdk.sync.request(request=operations.RequestSyncRequest(company_id=company_id))
    assert refused.value.data.detailed_error_code == 5080
    work.drain()
    status = _present(sdk.sync.get_status(request=operations.GetSyncStatusRequest(company_id=company_id)))
    assert (status.sync_id, status.sync_status_code, status.data_pushed) == (asked.commerce_sync_id, 2000, True)
    for one in (
        sdk.sync.get(request=operations.GetSyncByIDRequest(company_id=company_id, sync_id=asked.commerce_sync_id)),
        sdk.sync.get_latest_sync(request=operations.GetLatestSyncRequest(company_id=company_id)),
        sdk.sync.get_last_successful_sync(request=operations.GetLastSuccessfulSyncRequest(company_id=company_id)),
    ):
        assert (_present(one).sync_id, _present(one).sync_status_code) == (asked.commerce_sync_id, 2000)
    days = shared.SyncRange(date_range=shared.DateRange(start="2026-03-02T00:00:00Z", finish="2026-03-03T00:00:00Z"))
    historic = _present(
        sdk.sync.request_for_date_range(
            request=operations.RequestSyncForDateRangeRequest(company_id=company_id, sync_range=days)
        )
    )
    work.drain()
    all_of_them = _present(sdk.sync.list(request=operations.ListSyncsRequest(company_id=company_id)))
    assert [each.sync_id for each in all_of_them] == [historic.commerce_sync_id, asked.commerce_sync_id]


def test_a_wrong_key_and_an_unknown_company_are_typed_errors(sdk: CodatSyncCommerce, partner_api: Api) -> None:
    stranger = _client(sdk.sdk_configuration.server_url, "cs_wrong")  # kept: the SDK closes itself when it is let go
    nobody = "8a210b68-6988-11ed-a1eb-0242ac120002"
    with pytest.raises(errors.ErrorMessage) as refused:
        stranger.advanced_controls.list_companies()
    assert refused.value.data.status_code == 401
    with pytest.raises(errors.ErrorMessage) as unknown:
        sdk.sync.get_status(request=operations.GetSyncStatusRequest(company_id=nobody))
    assert unknown.value.data.status_code == 404
    assert unknown.value.data.correlation_id
