"""Who we are to the OAuth platforms, from the settings."""

from __future__ import annotations

import msgspec
from django.conf import settings

from connectors.auth import Client
from connectors.errors import MisconfiguredPlatform
from connectors.platform import Platform


def client_of(platform: Platform) -> Client:
    """Who we are to an OAuth platform, from the settings; raises `MisconfiguredPlatform` when they do not say.

    Unless the settings name another address, the platform sends merchants back to our own callback.
    """
    clients = getattr(settings, "COMMERCE_SYNC_OAUTH_CLIENTS", {})
    if platform.key not in clients:
        raise MisconfiguredPlatform(f"COMMERCE_SYNC_OAUTH_CLIENTS has no client for {platform.key}")
    client = msgspec.convert(clients[platform.key], Client)
    here = getattr(settings, "COMMERCE_SYNC_PUBLIC_URL", "")
    if client.redirect_uri or not here:
        return client
    return msgspec.structs.replace(client, redirect_uri=f"{here}/oauth/callback/{platform.slug}")


def is_client(platform: Platform) -> bool:
    """Whether the settings say who we are to this OAuth platform."""
    try:
        client_of(platform)
    except MisconfiguredPlatform:
        return False
    return True
