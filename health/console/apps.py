from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """The Django admin, whose site is the console."""

    default_site = "health.console.site.ConsoleSite"
