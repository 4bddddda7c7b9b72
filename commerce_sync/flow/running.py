"""Bringing in what is due at the merchant's word, without waiting for the schedule."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from commerce_sync.flow.merchant import Merchant, merchant_page
from commerce_sync.models import Sync
from commerce_sync.services import AlreadyRunning, request_sync


@merchant_page
@require_POST
def run_now(request: HttpRequest, merchant: Merchant) -> HttpResponse:
    """A sync of all days that are over; where one is under way, that one."""
    if not merchant.are_linked or not merchant.company.book_versions.exists():
        return redirect("flow")
    try:
        sync = request_sync(company=merchant.company)
    except AlreadyRunning:
        found = Sync.objects.filter(company=merchant.company, finished_at=None).first()
        return redirect("flow-sync", found.public_id) if found else redirect("flow")
    return redirect("flow-sync", sync.public_id)
