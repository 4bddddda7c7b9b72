"""The console's form of a branding: checked as the API checks it."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms

from commerce_sync.branding import FIELDS, problems_of
from commerce_sync.models import Branding
from commerce_sync.picture_bytes import MOST_BYTES, BadPicture, read_picture

KINDS: Final = ("logo", "icon")
LONGEST_REASON: Final = 500


class BrandingForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A branding, and pictures that are uploaded instead of fetched."""

    logo_file = forms.FileField(required=False, label="Upload a logo", help_text="PNG, JPEG, GIF or WebP, to 300 kB.")
    icon_file = forms.FileField(required=False, label="Upload an icon", help_text="Square; PNG, GIF or WebP.")
    why = forms.CharField(max_length=LONGEST_REASON, label="Why", help_text="Kept in the audit trail.")
    remove_logo = forms.BooleanField(required=False, label="Remove the logo that is shown")
    remove_icon = forms.BooleanField(required=False, label="Remove the icon that is shown")

    class Meta:
        model = Branding
        fields = ("partner", *FIELDS)
        field_classes: ClassVar = {"logo_url": forms.CharField, "icon_url": forms.CharField}  # checked as ours are

    def clean(self) -> dict[str, Any]:
        """What the API would refuse is refused here, at its field."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        partner = said.get("partner") or (self.instance.partner if self.instance.pk else None)
        if partner is None:  # the form says so already
            return said
        said |= {name: (said.get(name) or "").strip().lower() for name in FIELDS if name.endswith("_color")}
        for field, sentence in problems_of(partner, {name: said.get(name) or "" for name in FIELDS}):
            self.add_error(field, sentence)
        for kind in KINDS:
            file = said.get(f"{kind}_file")
            if file is not None:
                try:
                    # No more is read than is needed to know that it is too much.
                    said[f"{kind}_body"] = body = file.read(MOST_BYTES + 1)
                    read_picture(body)
                except BadPicture as error:
                    self.add_error(f"{kind}_file", str(error))
            if file is not None and said.get(f"{kind}_url"):
                self.add_error(f"{kind}_file", "Give an address or a file, not both.")
        return said
