"""The second factor of one person at the console."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django_otp.models import Device


class Authenticator(Device):  # type: ignore[misc]  # django_otp has no types
    """An app that shows a number which changes every 30 seconds (TOTP, RFC 6238).

    ``confirmed`` False: shown, and the person has not yet proved to have it. ``sealed_key`` is the secret, encrypted
    with our keys. ``last_step`` is that of the last number that was accepted: none is accepted twice. ``recovery``
    holds keyed hashes of the codes that let in once each when the app is lost.
    """

    sealed_key = models.BinaryField()
    key_id = models.CharField(max_length=16)
    last_step = models.BigIntegerField(default=0)
    recovery = models.JSONField(default=list)
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], name="authenticator_once"),
            models.CheckConstraint(condition=~models.Q(key_id=""), name="authenticator_has_key_id"),
        ]

    def __str__(self) -> str:
        return f"of person {self.user_id}"
