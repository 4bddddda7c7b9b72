"""The addresses of the merchant's pages, and of the pictures of platforms."""

from __future__ import annotations

from django.urls import path

from commerce_sync.flow import connecting, keys, views
from commerce_sync.flow.pictures import picture

urlpatterns = [
    path("flow/", views.home, name="flow"),
    path("flow/start/<uuid:company_id>", views.start, name="flow-start"),
    path("flow/connect/<uuid:connection_id>", connecting.connect, name="flow-connect"),
    path("oauth/keys/<slug:platform>", keys.keys, name="oauth-keys"),
    path("oauth/callback/<slug:platform>", connecting.callback, name="oauth-callback"),
    path("link/<uuid:company_id>", views.link),
    path("link/<uuid:company_id>/<uuid:connection_id>", views.link),
    path("integrations/<slug:platform>/<slug:kind>.svg", picture, name="integration-picture"),
]
