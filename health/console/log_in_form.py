"""The form of the log-in."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from health.console.log_in import NotLetIn, identify


class LogInForm(AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """Name and password; who it is, is decided by `health.console.log_in`."""

    def clean(self) -> dict[str, Any]:
        """Raises ValidationError with the sentence for whoever is not let in."""
        found: dict[str, Any] = self.cleaned_data
        name, password = found.get("username"), found.get("password")
        if name and password:
            try:
                self.user_cache = identify(self.request, name, password)
            except NotLetIn as refused:
                raise ValidationError(str(refused), code="invalid_login") from None
        return found
