"""Where a page leads on to when its address or its form says so: a path of this site, and nowhere else."""

from __future__ import annotations

from django.utils.http import url_has_allowed_host_and_scheme


def path_or(wanted: str, otherwise: str) -> str:
    """``wanted`` when it is a path from the root of this site, however it may be spelled to look like one; else
    ``otherwise``."""
    is_path = wanted.startswith("/") and wanted.isprintable()
    return wanted if is_path and url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else otherwise
