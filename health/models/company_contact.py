"""Where a merchant wants to be told of what only the merchant can mend."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class CompanyContact(models.Model):
    """One address of a company's, in the merchant's language. Who has not asked for it is told nothing.

    ``locale`` is one of `commerce_sync.flow.locales`.
    """

    class Wants(models.TextChoices):
        """What the merchant wants to hear of."""

        NOTHING = "nothing"
        AT_ONCE = "at_once"
        DAILY = "daily"

    company = models.OneToOneField("ledger.Company", on_delete=models.CASCADE, primary_key=True, related_name="contact")
    email = models.EmailField(max_length=254, blank=True)
    locale = models.CharField(max_length=5)
    wants = models.CharField(max_length=7, choices=Wants, default=Wants.NOTHING)
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(locale__in=["en-us", "fr-fr", "fr-ca"]), name="contact_locale_known"),
            models.CheckConstraint(
                condition=Q(wants="nothing") | Q(wants__in=["at_once", "daily"]) & ~Q(email=""),
                name="contact_wants_have_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.company_id}: {self.email or 'no address'}"
