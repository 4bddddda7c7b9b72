"""The platforms that we support, and pictures for them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal
from uuid import UUID, uuid5

from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework.request import Request

from commerce_sync.api.connection_shapes import SourceType, integration_id, source_type
from commerce_sync.api.errors import missing
from commerce_sync.api.links import absolute
from commerce_sync.api.list_filter import Listed, filtered_list
from commerce_sync.api.operation import operation
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.shape import Shape
from commerce_sync.api.view import ApiView, answer
from connectors import registry
from connectors.clients import is_client
from connectors.declare import OAuth2
from connectors.platform import AccountingPlatform, CommercePlatform

FeatureType = Literal["Get", "Post", "Put"]
AnyPlatform = CommercePlatform | AccountingPlatform

# What the contract calls what our documents and records are.
_DOCUMENTS: Final = {
    "Bill": "bills",
    "CreditNote": "creditNotes",
    "Deposit": "directIncomes",
    "Invoice": "invoices",
    "Journal": "journalEntries",
    "Payment": "payments",
}
_RECORDS: Final = {
    "order": "commerce-orders",
    "refund": "commerce-transactions",
    "fee": "commerce-transactions",
    "payout": "commerce-transactions",
    "dispute": "commerce-disputes",
}
_LISTS: Final = frozenset(
    f"commerce-{name}"
    for name in (
        *("customers", "disputes", "locations", "orders", "paymentMethods", "payments"),
        *("productCategories", "products", "taxComponents", "transactions"),
    )
)
FIELDS: Final = {
    "key": Listed("key"),
    "slug": Listed("slug"),
    "name": Listed("name"),
    "sourceType": Listed("source_type"),
    "integrationId": Listed("integration_id", "uuid"),
    "enabled": Listed("enabled", "boolean"),
}


class SupportedFeature(Shape):
    """Something that can be done with a kind of data."""

    feature_type: FeatureType
    feature_state: Literal["Release"] = "Release"


class DataTypeFeature(Shape):
    """What can be done with one kind of data. The contract has its name in two spellings; both are here."""

    data_type: str
    datatype: str
    supported_features: list[SupportedFeature]


class Integration(Shape):
    """A platform. ``slug`` is ours: its readable name, which is taken wherever ``key`` is."""

    key: str
    slug: str
    logo_url: str
    name: str
    enabled: bool
    source_id: UUID
    source_type: SourceType
    integration_id: UUID
    is_offline_connector: bool
    is_beta: bool
    data_provided_by: str
    datatype_features: list[DataTypeFeature]


class ImageReference(Shape):
    """Where an image is, and what it shows."""

    src: str
    alt: str


class BrandingImage(Shape):
    """An image."""

    image: ImageReference


class BrandingLogo(Shape):
    """The logo with the platform's name, and by itself."""

    full: BrandingImage
    square: BrandingImage


class BrandingButton(Shape):
    """A button that says to connect the platform."""

    default: BrandingImage
    hover: BrandingImage


class Branding(Shape):
    """Pictures of a platform. They are neutral and drawn by us."""

    logo: BrandingLogo
    button: BrandingButton
    source_id: UUID


class IntegrationList(ApiView):
    """All platforms."""

    @operation("list-integrations", "List integrations", tag="Integrations", answers=Integration, paged=True,
               filtered=True)  # fmt: skip
    def get(self, request: Request) -> HttpResponse:
        """The platforms that your merchants can connect, by name, and which data goes to and fro.

        `enabled` is false where this installation lacks what the platform's authorization needs.
        """
        paging = read_paging(request)
        every = [integration_shape(platform, request._request) for platform in registry.platforms()]
        found = filtered_list(every, FIELDS, request, "Integration")
        return answer(page_of(found[paging.offset : paging.offset + paging.size], len(found), paging, request))


class IntegrationBranding(ApiView):
    """The pictures of one platform."""

    @operation("get-integration-branding", "Get branding for an integration", tag="Integrations", answers=Branding,
               errors=(404,))  # fmt: skip
    def get(self, request: Request, platformKey: str) -> HttpResponse:
        """Pictures of a platform for your own pages: neutral ones, none of the vendor's artwork."""
        platform = named_platform(platformKey)

        def image(kind: str, alt: str) -> BrandingImage:
            return BrandingImage(image=ImageReference(src=_picture(platform, kind, request._request), alt=alt))

        name = platform.name
        connect = f"Connect {name}"
        return answer(
            Branding(
                logo=BrandingLogo(full=image("logo", name), square=image("square", name)),
                button=BrandingButton(default=image("button", connect), hover=image("button-hover", connect)),
                source_id=source_id(platform),
            )
        )


def named_platform(word: str) -> AnyPlatform:
    """The platform of an address; raises `ApiError` 404."""
    platform = registry.named(word)
    if platform is None:
        raise missing("platform", word[:60])
    return platform


def source_id(platform: AnyPlatform) -> UUID:
    """The id of a platform as the source of data."""
    return uuid5(integration_id(platform), "source")


def integration_shape(platform: AnyPlatform, request: HttpRequest) -> Integration:
    """A platform as it is published."""
    found: dict[str, list[FeatureType]] = {}
    for data_type, feature in _features(platform):
        if feature not in found.setdefault(data_type, []):
            found[data_type].append(feature)
    return Integration(
        key=platform.published_key,
        slug=platform.slug,
        logo_url=_picture(platform, "logo", request),
        name=platform.name,
        enabled=_can_be_authorized(platform),
        source_id=source_id(platform),
        source_type=source_type(platform),
        integration_id=integration_id(platform),
        is_offline_connector=False,
        is_beta=False,
        data_provided_by=platform.name,
        datatype_features=[
            DataTypeFeature(
                data_type=name,
                datatype=name,
                supported_features=[SupportedFeature(feature_type=each) for each in features],
            )
            for name, features in sorted(found.items())
        ],
    )


def _features(platform: AnyPlatform) -> Iterator[tuple[str, FeatureType]]:
    """What each stream brings and each kind of document needs, in the published words."""
    if isinstance(platform, AccountingPlatform):
        yield "chartOfAccounts", "Get"
        yield "chartOfAccounts", "Post"  # an account that the mapping lacks is made from our pages
        for kind in platform.document_kinds:
            yield _DOCUMENTS[kind], "Post"
        return
    for name, stream in platform.streams.items():
        own = f"commerce-{name}"
        for data_type in [own] if own in _LISTS else [_RECORDS[kind] for kind in stream.kinds if kind in _RECORDS]:
            yield data_type, "Get"
            if platform.local and stream.endpoint is None:  # its rows are pushed to us
                yield data_type, "Put"


def _can_be_authorized(platform: AnyPlatform) -> bool:
    """Whether this installation has what the platform's authorization needs of it."""
    auth = platform.auth
    return not isinstance(auth, OAuth2) or auth.key is not None or is_client(platform)


def _picture(platform: AnyPlatform, kind: str, request: HttpRequest) -> str:
    return absolute(request, f"/integrations/{platform.slug}/{kind}.svg")


urlpatterns = [
    path("config/integrations", IntegrationList.as_view()),
    path("config/integrations/<str:platformKey>/branding", IntegrationBranding.as_view()),
]
