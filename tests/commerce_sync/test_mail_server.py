"""The address of the mail server is read exactly, and never shown when it cannot be."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from commerce_sync.environment import MailServer, mail_server

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("", MailServer("django.core.mail.backends.dummy.EmailBackend")),
        ("console:", MailServer("django.core.mail.backends.console.EmailBackend")),
        ("smtp://mail.example.com", MailServer(SMTP, "mail.example.com", 587, starts_tls=True)),
        (
            "smtps://me%40x:p%2Fw@mail.example.com",
            MailServer(SMTP, "mail.example.com", 465, "me@x", "p/w", is_tls=True),
        ),
        ("smtp+plain://localhost:2525", MailServer(SMTP, "localhost", 2525)),
    ],
)
def test_each_way_of_handing_in_mail_is_understood(said: str, expected: MailServer) -> None:
    assert mail_server(said) == expected


@pytest.mark.parametrize(
    "said", ["mail.example.com", "http://hush@x", "smtp://", "smtp://hush@h:99999", "smtp://h/hush"]
)
def test_what_cannot_be_read_is_refused_without_being_shown(said: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="COMMERCE_SYNC_EMAIL_URL") as refusal:
        mail_server(said)
    assert "hush" not in str(refusal.value)
