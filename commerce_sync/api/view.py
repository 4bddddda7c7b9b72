"""What every operation stands on: who calls, how often, whose company it is, and how errors are said."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar, cast
from uuid import UUID

from django.http import Http404, HttpResponse, HttpResponseBase
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import JSONParser
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.views import APIView

from commerce_sync import correlation
from commerce_sync.api import idempotency
from commerce_sync.api.authentication import KeyAuthentication
from commerce_sync.api.bodies import MOST_BYTES, decoded, raw_body
from commerce_sync.api.errors import JSON, as_api_error, error_answer, missing
from commerce_sync.api.limits import KeyThrottle
from commerce_sync.api.shape import encode
from commerce_sync.models import ApiKey
from connectors.models import Connection
from ledger.models import Company, Partner

T = TypeVar("T")


class _AlwaysJson(BaseContentNegotiation):
    """Whatever a client says that it accepts: there is JSON."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0] if parsers else None

    def select_renderer(self, request: Request, renderers: Any, format_suffix: Any = None) -> Any:
        return renderers[0], renderers[0].media_type


class ApiView(APIView):
    """One address of the API; a subclass has a method for each operation, described by `operation.operation`.

    ``stores_answers`` is False where a POST calls the outside: that cannot be in the transaction of a stored answer,
    and such operations are safe to repeat by themselves.
    """

    authentication_classes = [KeyAuthentication]
    permission_classes = [IsAuthenticated]
    throttle_classes = [KeyThrottle]
    renderer_classes = [JSONRenderer]
    parser_classes = [JSONParser]  # for the description only: bodies are read by `bodies`
    content_negotiation_class = _AlwaysJson
    http_method_names = ["get", "post", "put", "patch", "delete"]
    most_bytes: ClassVar[int] = MOST_BYTES
    stores_answers: ClassVar[bool] = True

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """As DRF's, with the stored answers of POSTs around the operation."""
        self.args, self.kwargs = args, kwargs
        drf_request = self.initialize_request(request, *args, **kwargs)
        self.request, self.headers = drf_request, {}
        try:
            self.initial(drf_request, *args, **kwargs)
            response = self._carried_out(drf_request)
        except Exception as error:  # whatever it is, it is answered in the published shape
            response = error_answer(as_api_error(error))
        self.response = self.finalize_response(drf_request, response, *args, **kwargs)  # type: ignore[arg-type]
        return self.response

    def _carried_out(self, request: Request) -> HttpResponseBase:
        method = (request.method or "").lower()
        handler = getattr(self, method, None) if method in self.http_method_names else None
        handler = handler or self.http_method_not_allowed
        if method in ("post", "put", "patch"):
            raw_body(request._request, self.most_bytes)
        if method != "post" or not self.stores_answers:
            return handler(request, *self.args, **self.kwargs)
        return idempotency.once(self.partner, request._request, lambda: handler(request, *self.args, **self.kwargs))

    @property
    def key(self) -> ApiKey:
        """The key of this call."""
        return cast(ApiKey, self.request.auth)

    @property
    def partner(self) -> Partner:
        """Who calls."""
        return self.key.partner

    @property
    def actor(self) -> str:
        """What the audit trail calls the caller."""
        return f"api:{self.key.name}"

    def company(self, company_id: str) -> Company:
        """The caller's company with this id; raises `ApiError` 404."""
        found = Company.objects.filter(partner=self.partner, public_id=as_uuid(company_id, "company")).first()
        if found is None:
            raise missing("company", company_id)
        found.partner = self.partner  # known already: what needs it asks nothing
        correlation.about(company=found.pk)
        return found

    def connection(self, company_id: str, connection_id: str) -> Connection:
        """The connection of the caller's company; raises `ApiError` 404. One query."""
        company, wanted = as_uuid(company_id, "company"), as_uuid(connection_id, "data connection")
        found = (
            Connection.objects.select_related("company")
            .filter(public_id=wanted, company__public_id=company, company__partner=self.partner)
            .first()
        )
        if found is None:
            self.company(company_id)
            raise missing("data connection", connection_id)
        found.company.partner = self.partner
        return found

    def body(self, shape: type[T]) -> T:
        """What was sent, as ``shape``; raises `ApiError` 400 naming the field."""
        return decoded(raw_body(self.request._request, self.most_bytes), shape)


def as_uuid(text: str, what: str) -> UUID:
    """An id from an address. What is no UUID is the id of nothing: 404."""
    try:
        return UUID(text)
    except ValueError:
        raise missing(what, text[:100]) from None


def answer(value: Any, status: int = 200) -> HttpResponse:
    """A success: a shape, a list of them, or bytes that are JSON already."""
    return HttpResponse(value if isinstance(value, bytes) else encode(value), status=status, content_type=JSON)


class Nothing(ApiView):
    """Addresses below the API's roots at which there is nothing."""

    schema = None

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """404, in the published shape."""
        raise Http404

    post = put = patch = delete = get
