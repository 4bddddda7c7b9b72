"""What a partner does with findings over the API. Each act answers the finding as it is then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from msgspec import UNSET
from rest_framework.request import Request

from commerce_sync.api.errors import conflict, invalid
from commerce_sync.api.operation import operation
from commerce_sync.api.view import answer
from health.api.finding_shapes import (
    AssignFinding,
    CommentOnFinding,
    EscalateFinding,
    Finding,
    IgnoreFinding,
    ResolveFinding,
    RetriedFinding,
    finding_shape,
)
from health.api.findings import TAG, FindingsView
from health.findings import working
from health.findings.mending import mend
from health.findings.working import Act, BadAct, Worked
from health.models import Finding as FindingRow
from ledger.services import now

_OF: Final = "config/findings/<str:findingId>"


class ActView(FindingsView):
    """Acts on one finding."""

    def act(self, words: str = "") -> Act:
        """The caller, and what is said."""
        return Act(self.actor, words.strip(), by_partner=True)

    def done(self, row: FindingRow, does: Callable[[QuerySet[FindingRow]], Worked]) -> HttpResponse:
        """Do it to ``row``; raises `ApiError` 409 where it makes no sense in its state."""
        if not does(FindingRow.objects.filter(pk=row.pk)).done:
            raise conflict(f"This finding is {row.state}{', and passed up' if row.escalated_at else ''}.")
        row.refresh_from_db()
        return answer(finding_shape(row))


class Assign(ActView):
    """Taking a finding."""

    @operation("assign-finding", "Assign finding", tag=TAG, answers=Finding, body=AssignFinding, errors=(404,))
    def post(self, request: Request, findingId: str) -> HttpResponse:
        """Say who of your people works on it. It is acknowledged by that: nobody else is reminded of it."""
        row = self.one(findingId)
        said = self.body(AssignFinding)
        return self.done(row, lambda rows: working.assign(findings=rows, act=self.act(), name=said.assignee))


class Comment(ActView):
    """Saying something about a finding."""

    @operation("comment-on-finding", "Comment on finding", tag=TAG, answers=Finding, body=CommentOnFinding,
               errors=(404,))  # fmt: skip
    def post(self, request: Request, findingId: str) -> HttpResponse:
        """Add a comment, which our people read beside it."""
        row = self.one(findingId)
        said = self.body(CommentOnFinding)
        return self.done(row, lambda rows: working.comment(findings=rows, act=self.act(said.text)))


class Escalate(ActView):
    """Passing a finding up."""

    @operation("escalate-finding", "Escalate finding", tag=TAG, answers=Finding, body=EscalateFinding, errors=(404,))
    def post(self, request: Request, findingId: str) -> HttpResponse:
        """Have our people look at it before others."""
        row = self.one(findingId)
        said = self.body(EscalateFinding)
        return self.done(row, lambda rows: working.escalate(findings=rows, act=self.act(said.reason)))


class Resolve(ActView):
    """Closing a finding."""

    @operation("resolve-finding", "Resolve finding", tag=TAG, answers=Finding, body=ResolveFinding, errors=(404,))
    def post(self, request: Request, findingId: str) -> HttpResponse:
        """Close it. The company is looked at again at once: if the cause is there, that is a new finding."""
        row = self.one(findingId)
        said = self.body(ResolveFinding)
        return self.done(row, lambda rows: working.resolve(findings=rows, act=self.act(said.reason)))


class Ignore(ActView):
    """Putting a finding aside."""

    @operation("ignore-finding", "Ignore finding", tag=TAG, answers=Finding, body=IgnoreFinding, errors=(404,))
    def post(self, request: Request, findingId: str) -> HttpResponse:
        """Put it aside until its facts change, or until a day. Only what is not the turn of support can be ignored."""
        row = self.one(findingId)
        said = self.body(IgnoreFinding)
        until = None if said.until is UNSET else said.until
        if until is not None and until <= now().date():
            raise invalid("until must be a day to come.", ("until", f"{until} has begun"))
        if row.turn == "support":
            raise conflict("This one is for our support to look at: comment on it, or escalate it.")
        return self.done(row, lambda rows: working.ignore(findings=rows, act=self.act(said.reason), until=until))


class Reopen(ActView):
    """Taking an ignored finding up again."""

    @operation("reopen-finding", "Reopen finding", tag=TAG, answers=Finding, errors=(404,))
    def post(self, request: Request, findingId: str) -> HttpResponse:
        """Take an ignored finding up again. A resolved one is not reopened: its cause, if it is there, is a new one."""
        return self.done(self.one(findingId), lambda rows: working.reopen(findings=rows, act=self.act()))


class Retry(ActView):
    """Mending a finding once its cause is gone."""

    @operation("retry-finding", "Retry finding", tag=TAG, answers=RetriedFinding, errors=(404,))
    def post(self, request: Request, findingId: str) -> HttpResponse:
        """Send the refused documents of its company again, or sync it: what `mendedBy` says."""
        row = self.one(findingId)
        try:
            done = mend(findings=FindingRow.objects.filter(pk=row.pk), act=self.act())
        except BadAct as refusal:
            raise conflict(str(refusal)) from None
        return answer(RetriedFinding(documents=done.documents, sync_requested=bool(done.syncs)))


urlpatterns = [
    path(f"{_OF}/assign", Assign.as_view()),
    path(f"{_OF}/comment", Comment.as_view()),
    path(f"{_OF}/escalate", Escalate.as_view()),
    path(f"{_OF}/resolve", Resolve.as_view()),
    path(f"{_OF}/ignore", Ignore.as_view()),
    path(f"{_OF}/reopen", Reopen.as_view()),
    path(f"{_OF}/retry", Retry.as_view()),
]
