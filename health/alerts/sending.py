"""Messages that are due are sent: the one place for each channel. Nothing is sent inside a transaction."""

from __future__ import annotations

import logging
import random
import smtplib
import time
from email.utils import formataddr, parseaddr
from typing import Final

import msgspec
from django.conf import settings
from django.core.mail import EmailMultiAlternatives

from connectors.http import refuse_open_transaction
from connectors.sealing import Unreadable
from connectors.services import private_places
from health.alerts import outbox
from health.alerts.outbox import Claimed
from health.alerts.secrets import unseal
from health.models import AlertRule
from health.webhooks.call import post
from ledger import faultpoints

logger = logging.getLogger(__name__)

AT_ONCE: Final = 5
SLACK_SECONDS: Final = 5.0
NO_MAIL: Final = "No mail server is set: say COMMERCE_SYNC_EMAIL_URL and COMMERCE_SYNC_EMAIL_FROM."
DUMMY: Final = "django.core.mail.backends.dummy.EmailBackend"
_chance = random.SystemRandom().random


class NotSent(Exception):
    """Why a message was not taken; ``is_final``: trying again is of no use."""

    def __init__(self, sentence: str, *, is_final: bool = False) -> None:
        self.is_final = is_final
        super().__init__(sentence)


def send_due(budget_seconds: float) -> int:
    """Send what is due; how many tries were made. Begins none after ``budget_seconds``; the one that is under way then
    ends within EMAIL_TIMEOUT, or `SLACK_SECONDS`, more."""
    refuse_open_transaction()
    ends, tried = time.monotonic() + budget_seconds, 0
    outbox.free_the_dead()
    while time.monotonic() < ends and (claimed := outbox.claim(AT_ONCE)):
        for each in claimed:
            tried += 1
            _try(each)
    return tried


def _try(claimed: Claimed) -> None:
    error, is_final = "", False
    try:
        _send(claimed)
    except NotSent as refusal:
        error, is_final = str(refusal), refusal.is_final
    except Exception:
        logger.exception("alert %s could not be tried", claimed.public_id)
        error = "An error of ours, which has been noted."
    faultpoints.reached("alert_sent")
    if not outbox.settle(claimed, error, _chance(), is_final=is_final):
        logger.warning("alert %s was taken over while it was sent", claimed.public_id)


def _send(claimed: Claimed) -> None:
    """Raises `NotSent`."""
    if claimed.channel == AlertRule.Channel.SLACK:
        _to_slack(claimed)
    else:
        _by_mail(claimed)


def _by_mail(claimed: Claimed) -> None:
    if settings.EMAIL_BACKEND == DUMMY:
        raise NotSent(NO_MAIL)
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message = EmailMultiAlternatives(
        subject=claimed.subject,
        body=claimed.text,
        from_email=formataddr((claimed.sender or name, address)),
        to=[claimed.address],
        headers={
            # The same however often it is sent: mail programs show a message that they have already once.
            "Message-ID": f"<{claimed.public_id}@{address.rpartition('@')[2]}>",
            "Auto-Submitted": "auto-generated",  # nobody's absence is to answer
        },
    )
    message.attach_alternative(claimed.html, "text/html")
    try:
        message.send()
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _ in error.recipients.values()]
        said = f"The mail server does not take mail for this address (code {codes[0] if codes else 'unknown'})."
        raise NotSent(said, is_final=bool(codes) and min(codes) >= 550) from None
    except smtplib.SMTPResponseException as error:
        raise NotSent(f"The mail server refused the message with code {error.smtp_code}.") from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(f"The mail server could not be reached ({type(error).__name__}).") from None


def _to_slack(claimed: Claimed) -> None:
    rule = AlertRule.objects.filter(pk__in=[claimed.rule_id]).first()
    if rule is None or rule.sealed_url is None:
        raise NotSent("The rule, and with it the Slack address, is not there any more.", is_final=True)
    try:
        url = unseal(rule.public_id, bytes(rule.sealed_url))
    except Unreadable:
        raise NotSent("The Slack address cannot be read here; give it again.") from None
    body = msgspec.json.encode({"text": claimed.text})
    answer = post(
        url=url, body=body, headers={}, hidden=[url], private=private_places(), total_seconds=SLACK_SECONDS
    )  # fmt: skip
    if not answer.delivered:
        raise NotSent(answer.error, is_final=answer.gone)
