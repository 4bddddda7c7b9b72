"""Corrections: refused documents go again; a sync or a document is taken back, by a plan first, and brought back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.db.models import QuerySet
from django.http import HttpResponse
from django.urls import path
from rest_framework.request import Request

from commerce_sync import status
from commerce_sync.api.correction_shapes import (
    DoUndo,
    RetriedDocuments,
    UndoPlan,
    UndoRun,
    plan_shape,
    undo_shape,
)
from commerce_sync.api.errors import ApiError, conflict, missing
from commerce_sync.api.operation import operation
from commerce_sync.api.paging import page_of, read_paging
from commerce_sync.api.proof.documents import one_document
from commerce_sync.api.view import ApiView, answer, as_uuid
from commerce_sync.explain_documents import account_names
from commerce_sync.models import Sync, Undo
from commerce_sync.retrying import retry_documents
from commerce_sync.services import AlreadyRunning
from commerce_sync.undo import CannotRedo, CannotUndo, PlanChanged, plan_undo, request_redo, request_undo
from commerce_sync.undo_plan import Plan
from ledger.models import Company

TAG: Final = "Corrections"


class _Correction(ApiView):
    def sync(self, company: Company, sync_id: str) -> Sync:
        """The company's sync; raises `ApiError` 404."""
        found = Sync.objects.filter(company=company, public_id=as_uuid(sync_id, "sync")).first()
        if found is None:
            raise missing("sync", sync_id)
        return found

    def planned(self, company: Company, plan: Plan) -> HttpResponse:
        """The plan as it is answered."""
        return answer(plan_shape(plan, account_names(company.pk)))

    def undone(self, ask: Callable[[str], Undo]) -> HttpResponse:
        """The undo that was asked for with the digest of its plan; raises `ApiError`."""
        said = self.body(DoUndo)
        try:
            return answer(undo_shape(ask(said.plan_digest)))
        except PlanChanged as error:
            raise conflict(str(error)) from None
        except CannotUndo as error:
            raise conflict(str(error)) from None
        except AlreadyRunning:
            raise busy() from None


class RetrySync(_Correction):
    """The refused documents of a sync."""

    @operation("retry-sync-documents", "Retry failed documents of a sync", tag=TAG, answers=RetriedDocuments,
               errors=(404,))  # fmt: skip
    def post(self, request: Request, companyId: str, syncId: str) -> HttpResponse:
        """Send the refused documents of a sync once more, under the same keys: what is there already is found."""
        company = self.company(companyId)
        count = retry_documents(company=company, actor=self.actor, sync=self.sync(company, syncId))
        return answer(RetriedDocuments(documents=count))


class RetryDocument(_Correction):
    """One refused document."""

    @operation("retry-document", "Retry a failed document", tag=TAG, answers=RetriedDocuments, errors=(404,))
    def post(self, request: Request, companyId: str, documentId: str) -> HttpResponse:
        """Send a refused document once more; 0 when it was not refused."""
        company = self.company(companyId)
        count = retry_documents(company=company, actor=self.actor, document=one_document(company, documentId))
        return answer(RetriedDocuments(documents=count))


class RetryCompany(_Correction):
    """All refused documents."""

    @operation("retry-documents", "Retry all failed documents", tag=TAG, answers=RetriedDocuments, errors=(404,))
    def post(self, request: Request, companyId: str) -> HttpResponse:
        """Send every refused document of the company once more."""
        return answer(RetriedDocuments(documents=retry_documents(company=self.company(companyId), actor=self.actor)))


class UndoSync(_Correction):
    """A sync taken back."""

    # The closed period is asked of the accounting software: not inside a transaction. Asking twice undoes once, because
    # the plan of what is undone already is another one.
    stores_answers = False

    @operation("get-sync-undo-plan", "Plan the undo of a sync", tag=TAG, answers=UndoPlan, errors=(404,))
    def get(self, request: Request, companyId: str, syncId: str) -> HttpResponse:
        """What undoing a sync would do; nothing is done."""
        company = self.company(companyId)
        return self.planned(company, plan_undo(company=company, sync=self.sync(company, syncId)))

    @operation("undo-sync", "Undo a sync", tag=TAG, answers=UndoRun, body=DoUndo, errors=(404, 409))
    def post(self, request: Request, companyId: str, syncId: str) -> HttpResponse:
        """Undo a sync by the plan that was shown; refused with 409 when the plan is another one by now, or blocked."""
        company = self.company(companyId)
        sync = self.sync(company, syncId)
        return self.undone(
            lambda digest: request_undo(company=company, plan_digest=digest, actor=self.actor, sync=sync)
        )


class VoidDocument(_Correction):
    """A document taken back."""

    stores_answers = False  # as of `UndoSync`

    @operation("get-document-void-plan", "Plan the void of a document", tag=TAG, answers=UndoPlan, errors=(404,))
    def get(self, request: Request, companyId: str, documentId: str) -> HttpResponse:
        """What voiding a document would do, with all that has to go with it; nothing is done."""
        company = self.company(companyId)
        return self.planned(company, plan_undo(company=company, document=one_document(company, documentId)))

    @operation("void-document", "Void a document", tag=TAG, answers=UndoRun, body=DoUndo, errors=(404, 409))
    def post(self, request: Request, companyId: str, documentId: str) -> HttpResponse:
        """Void a document by the plan that was shown; its whole posting goes, as half of one would be wrong."""
        company = self.company(companyId)
        document = one_document(company, documentId)
        return self.undone(
            lambda digest: request_undo(company=company, plan_digest=digest, actor=self.actor, document=document)
        )


class UndoList(ApiView):
    """The undos of a company."""

    @operation("list-undos", "List undos", tag=TAG, answers=UndoRun, paged=True, errors=(404,))
    def get(self, request: Request, companyId: str) -> HttpResponse:
        """What was undone, newest first."""
        company, paging = self.company(companyId), read_paging(request)
        rows = undos_of(company)
        found = [undo_shape(row) for row in rows[paging.offset : paging.offset + paging.size]]
        return answer(page_of(found, rows.count(), paging, request))


class _OneUndo(ApiView):
    def undo(self, company_id: str, undo_id: str) -> Undo:
        """The undo; raises `ApiError` 404."""
        found = undos_of(self.company(company_id)).filter(public_id=as_uuid(undo_id, "undo")).first()
        if found is None:
            raise missing("undo", undo_id)
        return found


class UndoDetail(_OneUndo):
    """One undo."""

    @operation("get-undo", "Get undo", tag=TAG, answers=UndoRun, errors=(404,))
    def get(self, request: Request, companyId: str, undoId: str) -> HttpResponse:
        """How an undo stands."""
        return answer(undo_shape(self.undo(companyId, undoId)))


class Redo(_OneUndo):
    """An undo undone."""

    @operation("redo", "Undo an undo", tag=TAG, answers=UndoRun, errors=(404, 409))
    def post(self, request: Request, companyId: str, undoId: str) -> HttpResponse:
        """Let the records of an undo wait again and sync: they are posted under the mapping in force. Twice is once."""
        undo = self.undo(companyId, undoId)
        try:
            return answer(undo_shape(request_redo(undo=undo, actor=self.actor)))
        except CannotRedo as error:
            raise conflict(str(error)) from None
        except AlreadyRunning:
            raise busy() from None


def undos_of(company: Company) -> QuerySet[Undo]:
    """The undos of a company, newest first."""
    return Undo.objects.filter(company=company).select_related("sync", "run", "redo_run").order_by("-id")


def busy() -> ApiError:
    """409 with 5080: a run of the company has not ended."""
    words = "A sync or an undo of this company is running. Wait until it has ended, then ask again."
    return conflict(words, code=status.DUPLICATE, retry=True)


_COMPANY: Final = "companies/<str:companyId>"
_SYNC: Final = f"{_COMPANY}/sync/commerce/syncs/<str:syncId>"
_DOCUMENT: Final = f"{_COMPANY}/documents/<str:documentId>"
urlpatterns = [
    path(f"{_SYNC}/retry", RetrySync.as_view()),
    path(f"{_SYNC}/undo", UndoSync.as_view()),
    path(f"{_COMPANY}/documents/retry", RetryCompany.as_view()),
    path(f"{_DOCUMENT}/retry", RetryDocument.as_view()),
    path(f"{_DOCUMENT}/void", VoidDocument.as_view()),
    path(f"{_COMPANY}/undos", UndoList.as_view()),
    path(f"{_COMPANY}/undos/<str:undoId>", UndoDetail.as_view()),
    path(f"{_COMPANY}/undos/<str:undoId>/redo", Redo.as_view()),
]
