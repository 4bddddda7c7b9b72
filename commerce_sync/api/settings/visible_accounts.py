"""Which account fields the merchant's pages show for a platform."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpResponse
from django.urls import path
from msgspec import Meta
from rest_framework.request import Request

from commerce_sync import account_keys
from commerce_sync.api.errors import invalid, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.settings.integrations import AnyPlatform, named_platform
from commerce_sync.api.shape import Input, Shape
from commerce_sync.api.view import ApiView, answer, as_uuid
from commerce_sync.flow_settings import UnknownKeys, choose_visible_keys, visible_keys
from ledger.models import Partner

Keys = Annotated[list[Annotated[str, Meta(max_length=100)]], Meta(max_length=500)]


class VisibleAccounts(Shape):
    """The keys of the fields that are shown, in the order of the pages."""

    visible_accounts: list[str]


class ChooseVisibleAccounts(Input):
    """The fields to show beside the required ones; absent or null: all."""

    visible_accounts: Keys | None = None


class VisibleAccountsOfClient(ApiView):
    """What is shown."""

    @operation("get-visible-accounts", "List visible accounts", tag="Sync flow settings", answers=VisibleAccounts,
               errors=(404,))  # fmt: skip
    def get(self, request: Request, clientId: str, platformKey: str) -> HttpResponse:
        """The fields that are shown for a platform, the required ones among them. `clientId` is your own id."""
        if as_uuid(clientId, "client") != self.partner.public_id:
            raise missing("client", clientId)
        return answer(_shown(self.partner, named_platform(platformKey)))


class ChosenAccounts(ApiView):
    """The choice of what is shown."""

    @operation("update-visible-accounts-sync-flow", "Update visible accounts", tag="Sync flow settings",
               answers=VisibleAccounts, body=ChooseVisibleAccounts, errors=(404,))  # fmt: skip
    def post(self, request: Request, platformKey: str) -> HttpResponse:
        """Show these fields and the required ones for a platform. `{}` shows all again, `[]` the required ones only."""
        platform = named_platform(platformKey)
        said = self.body(ChooseVisibleAccounts)
        try:
            choose_visible_keys(
                partner=self.partner, platform_key=platform.key, keys=said.visible_accounts, actor=self.actor
            )
        except UnknownKeys as error:
            items = [("visibleAccounts", f"{key!r} is unknown") for key in error.keys[:100]]
            raise invalid("There are no such fields; GET the visible accounts for all keys.", *items) from None
        return answer(_shown(self.partner, platform))


def _shown(partner: Partner, platform: AnyPlatform) -> VisibleAccounts:
    return VisibleAccounts(visible_accounts=account_keys.shown(visible_keys(partner, platform.key)))


urlpatterns = [
    path("clients/<str:clientId>/config/ui/accounts/platform/<str:platformKey>", VisibleAccountsOfClient.as_view()),
    path("sync/commerce/config/ui/accounts/platform/<str:platformKey>", ChosenAccounts.as_view()),
]
