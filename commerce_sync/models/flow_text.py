"""What a partner has the merchant's pages say."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class FlowText(models.Model):
    """A partner's own words for one text of the merchant's pages in one locale ("en-us", "fr-fr", "fr-ca").

    An empty text shows nothing. No row: the default.
    """

    partner = models.ForeignKey("ledger.Partner", on_delete=models.CASCADE, related_name="flow_texts", db_index=False)
    locale = models.CharField(max_length=5)
    key = models.CharField(max_length=100)
    text = models.CharField(max_length=2_000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["partner", "locale", "key"], name="flow_text_once"),
            models.CheckConstraint(condition=Q(locale__in=["en-us", "fr-fr", "fr-ca"]), name="flow_text_locale_known"),
        ]

    def __str__(self) -> str:
        return f"{self.locale} {self.key}"
