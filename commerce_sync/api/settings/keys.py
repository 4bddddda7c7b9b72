"""The partner's own API keys. A key's secret is in the answer that makes it, and nowhere else.

That is why these POSTs keep no answers for an ``Idempotency-Key``: a stored answer would hold the secret in the clear.
Repeating them is safe by itself: a name is given once, and of the two successors of a key that was rotated twice, the
one that nobody received is revoked.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET, Meta, UnsetType
from rest_framework.request import Request

from commerce_sync.api.errors import conflict, invalid, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.orm_filter import Field, filtered
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.shape import Input, Shape
from commerce_sync.api.view import ApiView, answer, as_uuid
from commerce_sync.api_keys import (
    OVERLAP,
    KeyEnded,
    LastKey,
    NameTaken,
    NewKey,
    add_key,
    retire_key,
    succeed_key,
    works,
)
from commerce_sync.models import ApiKey as ApiKeyRow
from ledger.services import now

LONGEST_OVERLAP_SECONDS: Final = 30 * 24 * 3_600
FIELDS: Final = {
    "id": Field("public_id", "uuid"),
    "name": Field("name", "text"),
    "prefix": Field("prefix", "text"),
    "created": Field("created_at", "instant"),
    "lastUsed": Field("last_used_at", "instant"),
    "expires": Field("expires_at", "instant"),
    "revoked": Field("revoked_at", "instant"),
}


class ApiKey(Shape):
    """A key of yours. ``prefix`` is its beginning, by which you know it; ``works`` whether it does now; ``current``
    whether it is the one that you call with. ``last_used`` is exact to a minute."""

    id: UUID
    name: str
    prefix: str
    works: bool
    current: bool
    created: datetime
    last_used: datetime | UnsetType = UNSET
    expires: datetime | UnsetType = UNSET
    revoked: datetime | UnsetType = UNSET


class NewApiKey(Shape):
    """A key that was just made. ``secret`` is what you send; it is shown this once."""

    key: ApiKey
    secret: str


class CreateApiKey(Input):
    """What to call the key; none of your working keys is called so."""

    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]


class RotateApiKey(Input):
    """How long the former key works beside its successor; 0: not at all."""

    overlap_seconds: Annotated[int, Meta(ge=0, le=LONGEST_OVERLAP_SECONDS)] = int(OVERLAP.total_seconds())


class KeyView(ApiView):
    """Keys of the caller."""

    def one(self, key_id: str) -> ApiKeyRow:
        """The caller's key with this id; raises `ApiError` 404."""
        row = ApiKeyRow.objects.filter(partner=self.partner, public_id=as_uuid(key_id, "API key")).first()
        if row is None:
            raise missing("API key", key_id)
        row.partner = self.partner
        return row

    def shape(self, row: ApiKeyRow) -> ApiKey:
        """A key as it is answered."""
        return ApiKey(
            id=row.public_id,
            name=row.name,
            prefix=row.prefix,
            works=works(row, now()),
            current=row.pk == self.key.pk,
            created=row.created_at,
            last_used=row.last_used_at or UNSET,
            expires=row.expires_at or UNSET,
            revoked=row.revoked_at or UNSET,
        )

    def made(self, new: NewKey) -> HttpResponse:
        """The one answer that has the secret; nothing on its way may keep it."""
        response = answer(NewApiKey(key=self.shape(new.row), secret=new.secret))
        response["Cache-Control"] = "no-store"
        return response


class KeyList(KeyView):
    """All keys."""

    stores_answers = False

    @operation("list-api-keys", "List API keys", tag="API keys", answers=ApiKey, paged=True, filtered=True)
    def get(self, request: Request) -> HttpResponse:
        """Your keys, oldest first, those that work no longer among them."""
        paging = read_paging(request)
        mine = ApiKeyRow.objects.filter(partner=self.partner).order_by("id")
        rows = filtered(mine, FIELDS, request, "ApiKey")
        found = rows[paging.offset : paging.offset + paging.size]
        return answer(page_of([self.shape(row) for row in found], rows.count(), paging, request))

    @operation("create-api-key", "Create API key", tag="API keys", answers=NewApiKey, body=CreateApiKey)
    def post(self, request: Request) -> HttpResponse:
        """A new key, valid at once. Its secret is shown this once.

        An `Idempotency-Key` has no effect here, since no answer with a secret is kept.
        """
        said = self.body(CreateApiKey)
        try:
            return self.made(add_key(partner=self.partner, name=said.name.strip(), actor=self.actor))
        except NameTaken as error:
            words = f"Your key {error.key.public_id} is called so and works. Choose another name."
            raise invalid(words, ("name", "taken")) from None


class KeyDetail(KeyView):
    """One key."""

    @operation("get-api-key", "Get API key", tag="API keys", answers=ApiKey, errors=(404,))
    def get(self, request: Request, keyId: str) -> HttpResponse:
        """A key, without its secret."""
        return answer(self.shape(self.one(keyId)))

    @operation("revoke-api-key", "Revoke API key", tag="API keys", answers=ApiKey, errors=(404, 409))
    def delete(self, request: Request, keyId: str) -> HttpResponse:
        """The key stops at once, also the one that you call with. Your last working key cannot be revoked."""
        row = self.one(keyId)
        try:
            retire_key(key=row, actor=self.actor)
        except LastKey:
            words = "It is your last working key; without one nobody could call any more. Create another one first."
            raise conflict(words) from None
        return answer(self.shape(row))


class KeyRotation(KeyView):
    """A successor of one key."""

    stores_answers = False

    @operation("rotate-api-key", "Rotate API key", tag="API keys", answers=NewApiKey, body=RotateApiKey,
               errors=(404, 409))  # fmt: skip
    def post(self, request: Request, keyId: str) -> HttpResponse:
        """A new key of the same name; the former one goes on for `overlapSeconds`, by default seven days.

        An `Idempotency-Key` has no effect here, since no answer with a secret is kept.
        """
        row = self.one(keyId)
        said = self.body(RotateApiKey)
        overlap = timedelta(seconds=said.overlap_seconds)
        try:
            return self.made(succeed_key(key=row, overlap=overlap, actor=self.actor))
        except KeyEnded:
            raise conflict("The key works no longer, so it has no successor. Create a new key.") from None


urlpatterns = [
    path("config/apiKeys", KeyList.as_view()),
    path("config/apiKeys/<str:keyId>", KeyDetail.as_view()),
    path("config/apiKeys/<str:keyId>/rotate", KeyRotation.as_view()),
]
