"""The encrypted secrets of one connection."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now


class Credential(models.Model):
    """The encrypted secrets of one connection. Read and written only by `connectors.credentials`.

    `ciphertext` names its connection inside the plaintext, so a row copied onto another connection is
    refused. `key_id` tells which key encrypted it, for the rotation. `refresh_started_at` is written before a
    token is exchanged: a database that cannot store the new pair is found out while the old pair still works.
    """

    connection = models.OneToOneField(
        "connectors.Connection", on_delete=models.CASCADE, primary_key=True, related_name="credential"
    )
    ciphertext = models.BinaryField()
    key_id = models.CharField(max_length=16)
    expires_at = models.DateTimeField(null=True, blank=True)
    refresh_started_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["key_id"], name="credential_key")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(key_id=""), name="credential_has_key_id"),
        ]

    def __str__(self) -> str:
        return f"credential of connection {self.connection_id}"
