"""The rights of the console's people, from the table of roles."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

from health.console.roles import RIGHTS


class RoleBackend(ModelBackend):
    """Logs in by password; what a person may do is answered by the role of `health.models.Member` and by nothing else:
    rights and groups in the database grant nothing."""

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """The rights of the role; of a single row nobody has rights of its own."""
        if obj is not None or not user_obj.is_active or not user_obj.is_staff:
            return set()
        member = getattr(user_obj, "member", None)
        return set(RIGHTS[member.role]) if member is not None else set()

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        """Whether the role has this right."""
        return perm in self.get_all_permissions(user_obj, obj)

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        """Whether the role has any right in this app."""
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))
