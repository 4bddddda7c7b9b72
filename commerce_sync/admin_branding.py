"""A partner's brand in the console: its colors and pictures, its words, what its merchants see, where they come from,
and a look at the pages as they would be. Who may only look sees the same without the buttons."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join

from commerce_sync import brand_preview
from commerce_sync.brand_pictures import fetch_pictures, pictures_of, remove_picture, upload_picture
from commerce_sync.branding import FIELDS, branding_of, set_branding
from commerce_sync.branding_form import KINDS, BrandingForm
from commerce_sync.contrast import contrast_of
from commerce_sync.flow.locales import NAMES
from commerce_sync.flow.look import look_of
from commerce_sync.flow.sample import PAGES
from commerce_sync.models import Branding
from commerce_sync.partner_pages import accounts_page, origins_page, texts_page
from ledger.admin_base import Scoped, partner_scope
from ledger.models import Partner

_PICTURE: Final = '<img src="{}" alt="" height="32">'


@admin.register(Branding)
class BrandingAdmin(Scoped):
    partner_path = "partner"
    form = BrandingForm
    list_display = ("partner", "display_name", "primary_color", "secondary_color", "updated_at")
    list_select_related = ("partner",)
    search_fields = ("partner__name", "display_name")
    actions: Any = None
    readonly_fields = ("pictures", "contrast", "further", "updated_at")
    fields = (
        "partner", "display_name", "primary_color", "secondary_color", "contrast", "logo_url", "icon_url", "logo_file",
        "icon_file", "remove_logo", "remove_icon", "why", "pictures", "further", "updated_at",
    )  # fmt: skip

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: our neutral look is a branding whose fields are empty, and the trail says who made it so."""
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Branding | None = None) -> tuple[str, ...]:
        """Whose it is does not change."""
        return (*self.readonly_fields, "partner") if obj is not None else self.readonly_fields

    def get_fields(self, request: HttpRequest, obj: Branding | None = None) -> tuple[str, ...]:
        """Without what can only be sent, for those who may not."""
        may = self.has_change_permission(request, obj) if obj is not None else self.has_add_permission(request)
        sent = {"why"} | {name for kind in KINDS for name in (f"{kind}_file", f"remove_{kind}")}
        return tuple(name for name in self.fields if may or name not in sent)

    @admin.display(description="Shown to merchants")
    def pictures(self, row: Branding) -> str:
        """The pictures as they are, and what was wrong with them the last time."""
        if row.pk is None:
            return "–"
        look, rows = look_of(row.partner, row), pictures_of(row.partner)
        parts = [(kind, look.logo if kind == "logo" else look.icon, rows.get(kind)) for kind in KINDS]
        return format_html_join(
            "", "<p><b>{}</b>: {} <span>{}</span></p>",
            (
                (kind, format_html(_PICTURE, found.url) if found else "none", kept.problem if kept else "")
                for kind, found, kept in parts
            ),
        )  # fmt: skip

    @admin.display(description="How text reads on the colors")
    def contrast(self, row: Branding) -> str:
        """The contrast, by WCAG 2.2; a color that does not read as text is moved until it does."""
        found = [(color, contrast_of(color)) for color in (row.primary_color, row.secondary_color) if color]
        words = "{}: {} : 1 with white, {} : 1 with black; the text on it is {}."
        return format_html_join(" ", words, ((c, each.with_white, each.with_black, each.text) for c, each in found))

    @admin.display(description="Further")
    def further(self, row: Branding) -> str:
        """The other pages of the partner's."""
        if row.pk is None:
            return "–"
        pages = {
            "preview": "Preview",
            "texts": "Texts",
            "accounts": "Visible accounts",
            "origins": "Registered origins",
        }
        links = ((reverse(f"admin:branding-{name}", args=(row.pk,)), words) for name, words in pages.items())
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Pictures are fetched when the branding is saved: nobody outside is asked within a transaction."""
        response: HttpResponse = super().changeform_view(request, *args, **kwargs)
        partner = getattr(request, "saved_partner", None)
        if partner is not None:
            rows = fetch_pictures(partner=partner, actor=request.user.get_username())
            for kind, row in rows.items():
                if row.problem:
                    words = f"The {kind} is not shown as it should be: {row.problem}"
                    self.message_user(request, words, messages.WARNING)
        return response

    def save_model(self, request: HttpRequest, obj: Branding, form: Any, change: Any) -> None:
        """Through the services, which write the audit trail."""
        partner, by = obj.partner, {"actor": request.user.get_username(), "why": form.cleaned_data["why"]}
        values = {name: getattr(obj, name) for name in FIELDS}
        obj.updated_at = set_branding(partner=partner, values=values, **by).updated_at
        for kind in KINDS:
            if form.cleaned_data.get(f"remove_{kind}"):
                remove_picture(partner=partner, kind=kind, **by)
            if form.cleaned_data.get(f"{kind}_body"):
                upload_picture(partner=partner, kind=kind, body=form.cleaned_data[f"{kind}_body"], **by)
        request.saved_partner = partner  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        """The further pages, before the admin's own."""
        wrap, site = self._guarded, self.admin_site.admin_view
        return [
            path("design/<slug:scheme>.css", site(brand_preview.design), name="branding-design"),
            path("<int:partner_id>/preview/", wrap(self._preview), name="branding-preview"),
            path("<int:partner_id>/preview/page/", wrap(self._page), name="branding-preview-page"),
            path("<int:partner_id>/texts/", wrap(texts_page), name="branding-texts"),
            path("<int:partner_id>/accounts/", wrap(accounts_page), name="branding-accounts"),
            path("<int:partner_id>/origins/", wrap(origins_page), name="branding-origins"),
            *super().get_urls(),
        ]

    def _guarded(self, view: Any) -> Any:
        """For those who may look at brandings; to send something one must be allowed to change them."""

        def guarded(request: HttpRequest, partner_id: int) -> HttpResponse:
            may_change = self.has_change_permission(request)
            if not self.has_view_permission(request) or (request.method == "POST" and not may_change):
                raise PermissionDenied
            if partner_scope(request.user) not in (None, partner_id):
                raise Http404
            partner = get_object_or_404(Partner, pk=partner_id)
            context = {
                **self.admin_site.each_context(request),
                "partner": partner,
                "may_change": may_change,
                "opts": self.opts,
            }
            found: HttpResponse = view(request, partner, context)
            return found

        return self.admin_site.admin_view(guarded)

    def _preview(self, request: HttpRequest, partner: Partner, context: dict[str, Any]) -> HttpResponse:
        """The controls, and the page that they ask for in a frame."""
        row = branding_of(partner)
        kept = {"name": row.display_name, "primary": row.primary_color, "secondary": row.secondary_color}
        said = {**kept, **request.GET.dict()}
        own = {
            "title": "Preview", "said": said, "pages": list(PAGES), "locales": NAMES, "schemes": brand_preview.SCHEMES,
            "frame": f"{reverse('admin:branding-preview-page', args=(partner.pk,))}?{urlencode(said)}",
        }  # fmt: skip
        return TemplateResponse(request, "admin/branding/preview.html", {**context, **own})

    def _page(self, request: HttpRequest, partner: Partner, context: dict[str, Any]) -> HttpResponse:
        """What the frame shows."""
        return brand_preview.previewed(request, partner)
