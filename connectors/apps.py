from __future__ import annotations

from django.apps import AppConfig


class ConnectorsConfig(AppConfig):
    name = "connectors"
    verbose_name = "Connectors"

    def ready(self) -> None:
        """Import every platform: a file that lacks a fact stops the server here."""
        from connectors import registry  # platforms may only be imported once the apps are there

        registry.load()
