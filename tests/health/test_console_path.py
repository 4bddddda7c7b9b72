"""The console's address is the installation's choice."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from commerce_sync.environment import folder, token

SCRIPT = """
import django; django.setup()
from django.urls import reverse
from django.test import Client
former = Client(HTTP_HOST="localhost").get("/admin/")
print(reverse("admin:index"), reverse("admin:console-confirm"), former.status_code)
"""


@pytest.mark.parametrize(("said", "path"), [("", "admin"), ("back-office", "back-office"), ("/a/b/", "a/b")])
def test_a_path_is_taken_as_it_is_said(said: str, path: str) -> None:
    assert folder("X", said, "admin") == path


@pytest.mark.parametrize("said", ["api", "flow/x", "a b", "../x", "a//b", "healthz", "métro"])
def test_a_path_that_is_in_use_or_cannot_be_one_is_refused(said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="X must be a path"):
        folder("X", said, "admin")


def test_a_token_is_long_and_the_message_does_not_show_it() -> None:
    assert token("X", "", 16) == ""
    for said in ("short", "with space in it and long"):
        with pytest.raises(ImproperlyConfigured) as refused:
            token("X", said, 16)
        assert said not in str(refused.value)


def test_the_console_is_where_the_setting_says_and_nowhere_else() -> None:
    env = os.environ | {"COMMERCE_SYNC_ADMIN_PATH": "back-office", "DJANGO_SETTINGS_MODULE": "commerce_sync.settings"}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=env, check=True, capture_output=True, timeout=60)
    assert done.stdout.decode().split() == ["/back-office/", "/back-office/confirm/", "404"]
