"""The home: on which server, and as which database there, these data may be worked with."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Home(models.Model):
    """One place in which a worker met these data; the newest row is where they are now.

    A database that was restored, copied or taken over is in another ``place``: its newest row is not ``opened_at``
    until a person says that work may go on there, and till then nothing is pulled, posted or delivered. ``behind_at``
    is the last moment that the data knew of when that was noticed; null in the first home, which is behind nothing.
    """

    place = models.CharField(max_length=60)
    noticed_at = models.DateTimeField()
    behind_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["place"], condition=Q(opened_at__isnull=True), name="home_is_awaited_once"),
            models.CheckConstraint(condition=~Q(place=""), name="home_has_place"),
            models.CheckConstraint(
                condition=Q(opened_at__isnull=True) | Q(opened_at__gte=F("noticed_at")), name="home_is_opened_after"
            ),
        ]

    def __str__(self) -> str:
        return self.place
