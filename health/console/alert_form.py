"""The console's form of an alert rule: what it says is checked as the API checks it."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from django import forms
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from connectors.services import private_places
from health.alerts.checking import AREAS, TURNS, problems_of
from health.alerts.services import FIELDS
from health.console.page import MOST_OF_A_REASON
from health.findings.kinds import KINDS
from health.models import AlertRule

WORDS: Final = {"nobody": "nobody’s"}
_CODES: Final = [
    (code, f"{kind.title} ({code})") for code, kind in sorted(KINDS.items(), key=lambda each: each[1].title)
]
NUMBERS: Final = ("least_count", "least_amount", "least_age_minutes", "calm_minutes", "hour")


class AlertRuleForm(forms.ModelForm):  # type: ignore[type-arg]  # generic for mypy only
    """A rule, its Slack address, which is never shown, and why it is changed."""

    addresses = forms.CharField(
        required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), help_text="One on each line.",
    )  # fmt: skip
    slack_url = forms.CharField(
        required=False,
        label="Slack address",
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "off"}),
        help_text="Of the incoming webhook. It is kept encrypted and never shown; empty: the one that is kept stays.",
    )
    areas = forms.MultipleChoiceField(
        required=False,
        choices=[(area, area.capitalize()) for area in AREAS],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None ticked, and no code chosen: all.",
    )
    turns = forms.MultipleChoiceField(
        required=False,
        label="Whose turn",
        choices=[(turn, WORDS.get(turn, turn).capitalize()) for turn in TURNS if turn != "nobody"],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text="None ticked: anybody’s. A rule for merchants tells of the merchant’s only, whatever is ticked.",
    )
    codes = forms.MultipleChoiceField(
        required=False,
        choices=_CODES,
        widget=UnfoldAdminSelectMultipleWidget(attrs={"size": 8}),
        help_text="Single kinds, besides those of the areas that are ticked.",
    )
    why = forms.CharField(
        max_length=MOST_OF_A_REASON, widget=UnfoldAdminTextInputWidget, help_text="Kept in the audit trail."
    )

    class Meta:
        model = AlertRule
        fields = ("partner", *FIELDS)
        labels: ClassVar = {"least_age_minutes": "Oldest open for at least (minutes)", "zone": "Time zone",
            "least_count": "Findings of one cause, at least", "least_amount": "Amount at stake, at least (minor units)",
            "calm_minutes": "Over after so many quiet minutes", "quiet_from": "Quiet from (hour)",
            "quiet_until": "Quiet until (hour)"}  # fmt: skip
        help_texts: ClassVar = {
            "partner": "None: it is ours, over the findings of all partners.",
            "zone": "Such as Europe/Paris. Empty: UTC; for merchants their own.",
            "role": "For rules that tell people of the console; of a partner’s people: empty is all.",
            "hour": "Of the daily digest.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["addresses"] = "\n".join(self.instance.addresses)
            self.fields["slack_url"].widget.attrs["placeholder"] = (
                "An address is kept" if self.instance.sealed_url is not None else ""
            )

    def clean_addresses(self) -> list[str]:
        """The lines."""
        return [line.strip() for line in self.cleaned_data["addresses"].splitlines() if line.strip()]

    def clean(self) -> dict[str, Any]:
        """What the API would refuse is refused here, at its field."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if any(said.get(name) is None for name in NUMBERS):
            return said  # the form says so already
        trial = AlertRule(
            public_id=self.instance.public_id,
            partner=said.get("partner") if "partner" in self.fields else self.instance.partner,
            sealed_url=self.instance.sealed_url,
            **{name: said[name] for name in FIELDS if name in said},
        )
        for field, sentence in problems_of(trial, said.get("slack_url", ""), private_places()):
            self.add_error(field if field in self.fields else None, sentence)
        return said

    def _post_clean(self) -> None:
        """The row is written by the service, so it is not validated a second time with what it was."""
