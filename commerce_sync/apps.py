from __future__ import annotations

from django.apps import AppConfig


class CommerceSyncConfig(AppConfig):
    name = "commerce_sync"
    verbose_name = "Syncs"

    def ready(self) -> None:
        """Register the system checks, since a deployment with unsafe queue settings must not start; have the worker
        processes of qcluster hear when they are asked to stop."""
        from django_q.signals import post_spawn

        from commerce_sync import checks, stopping  # noqa: F401

        stopping.watch_the_queue()
        post_spawn.connect(stopping.listen, dispatch_uid="commerce_sync.stopping")
