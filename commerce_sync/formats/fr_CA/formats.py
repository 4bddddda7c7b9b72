"""French in Canada: 13 h 40 (Office québécois de la langue française)."""

from __future__ import annotations

from typing import Final

TIME_FORMAT: Final = "G\N{NO-BREAK SPACE}\\h\N{NO-BREAK SPACE}i"
DATE_FORMAT: Final = "j F Y"
DATETIME_FORMAT: Final = f"j F Y, {TIME_FORMAT}"
SHORT_DATE_FORMAT: Final = "Y-m-d"
SHORT_DATETIME_FORMAT: Final = f"Y-m-d {TIME_FORMAT}"
