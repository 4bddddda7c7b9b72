"""The message by which we give an access back. Pure: it builds, and never sends (`connectors.revoking` does)."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlencode

from connectors.auth import Client, Secrets, basic_login, way_of
from connectors.declare import OAuth2
from connectors.wire import Request


def revoke_request(auth: OAuth2, client: Client, secrets: Secrets, account: str = "") -> Request | None:
    """What tells the platform that we give our access back; None when it has no such call, or we have only a key.

    By the standard (RFC 7009) the refresh token is sent as a form (`revoke_as`: or as JSON); `json` platforms take the
    access token as JSON, and the client's secret in the header; with `revoke_account` the account is named. Sending it
    twice does no harm.
    """
    if auth.revoke is None or way_of(auth, secrets) is not auth or (auth.revoke_account and not account):
        return None
    request = Request("POST", auth.revoke, safe=True, headers=(("Accept", "application/json"),))
    if auth.client == "json":
        request = request.with_headers(("Authorization", f"Client {client.client_secret}"))
        return request.with_json({"client_id": client.client_id, "access_token": secrets.access_token})
    form = ("Content-Type", "application/x-www-form-urlencoded")
    if auth.revoke_account:
        fields = {"client_id": client.client_id, auth.revoke_account: account}
        request = request.with_headers(("Authorization", f"Bearer {client.client_secret}"), form)
        return replace(request, body=urlencode(fields).encode())
    token = secrets.refresh_token or secrets.access_token
    login = basic_login(client.client_id, client.client_secret)
    request = request.with_headers(("Authorization", f"Basic {login}"))
    if auth.revoke_as == "json":
        return request.with_json({"token": token})
    request = request.with_headers(form)
    return replace(request, body=urlencode({"token": token}).encode())
