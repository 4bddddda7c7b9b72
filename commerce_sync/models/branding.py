"""How a partner looks to its merchants."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

COLOR = r"^#[0-9a-f]{6}$"


class Branding(models.Model):
    """The brand under which a partner's merchants see our pages; an empty field means our own neutral look.

    Colors are ``#rrggbb`` in lower case. The URLs are https and on an origin that the partner has registered.
    """

    partner = models.OneToOneField(
        "ledger.Partner", on_delete=models.CASCADE, primary_key=True, related_name="branding"
    )
    display_name = models.CharField(max_length=100, blank=True)
    logo_url = models.URLField(max_length=500, blank=True)
    icon_url = models.URLField(max_length=500, blank=True)
    primary_color = models.CharField(max_length=7, blank=True)
    secondary_color = models.CharField(max_length=7, blank=True)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(Q(primary_color="") | Q(primary_color__regex=COLOR))
                & (Q(secondary_color="") | Q(secondary_color__regex=COLOR)),
                name="branding_colors_are_hex",
            ),
        ]

    def __str__(self) -> str:
        return f"branding of {self.partner}"
