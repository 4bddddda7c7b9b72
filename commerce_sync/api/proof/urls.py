"""The addresses of what proves the books."""

from __future__ import annotations

from commerce_sync.api.proof import documents, evidence, mapping, preview, problems, reconciliation

urlpatterns = [
    *documents.urlpatterns,
    *evidence.urlpatterns,
    *preview.urlpatterns,
    *reconciliation.urlpatterns,
    *mapping.urlpatterns,
    *problems.urlpatterns,
]
