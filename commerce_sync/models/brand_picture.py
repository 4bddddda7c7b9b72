"""The pictures of a partner's brand, as we keep and serve them."""

from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.db.models.lookups import LessThanOrEqual

from commerce_sync.picture_bytes import MOST_BYTES, MOST_PIXELS

_NONE: Final = Q(type="", sha256="", width=0, height=0)
_WHOLE: Final = Q(
    type__in=["gif", "jpeg", "png", "webp"],
    sha256__regex=r"^[0-9a-f]{64}$",
    width__range=(1, MOST_PIXELS),
    height__range=(1, MOST_PIXELS),
)


class BrandPicture(models.Model):
    """A partner's logo or icon. Merchants' browsers get it from us and from nobody else.

    ``source_url`` is where we fetch it from, "" for one that was uploaded. ``problem`` is what went wrong the last time
    that we fetched it, a sentence for the partner's people; the picture from before stays until there is another.
    ``type`` "": there is none yet. ``width`` and ``height`` are pixels.
    """

    class Kind(models.TextChoices):
        LOGO = "logo"
        ICON = "icon"

    partner = models.ForeignKey("ledger.Partner", on_delete=models.CASCADE, related_name="pictures", db_index=False)
    kind = models.CharField(max_length=4, choices=Kind.choices)
    source_url = models.CharField(max_length=500, blank=True)
    type = models.CharField(max_length=4, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    width = models.PositiveSmallIntegerField(default=0)
    height = models.PositiveSmallIntegerField(default=0)
    body = models.BinaryField(default=b"")
    problem = models.CharField(max_length=500, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "kind"], name="brand_picture_once"),
            models.CheckConstraint(condition=Q(kind__in=["logo", "icon"]), name="brand_picture_kind_known"),
            models.CheckConstraint(condition=_NONE | _WHOLE, name="brand_picture_whole_or_none"),
            models.CheckConstraint(condition=LessThanOrEqual(Length("body"), MOST_BYTES), name="brand_picture_small"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.partner_id}"
