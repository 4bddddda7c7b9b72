from __future__ import annotations

from django.apps import AppConfig


class CommerceSyncConfig(AppConfig):
    name = "commerce_sync"
    verbose_name = "Syncs"

    def ready(self) -> None:
        """Register the system checks; a deployment with unsafe queue settings must not start."""
        from commerce_sync import checks  # noqa: F401
