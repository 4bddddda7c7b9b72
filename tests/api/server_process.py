"""The API as it is deployed, for the judges: `server_process.py DATABASE PORT [WORKERS]` runs gunicorn on loopback."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any


def main(database_name: str, port: int, workers: int = 1) -> None:
    """Serve until terminated."""
    from django.conf import settings

    settings.DATABASES["default"]["NAME"] = database_name
    settings.COMMERCE_SYNC_API_CALLS_A_MINUTE = 0  # judges call as often as they like
    from gunicorn.app.base import BaseApplication

    class Server(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            options = {"bind": f"127.0.0.1:{port}", "workers": workers, "loglevel": "error", "timeout": 60}
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from commerce_sync.wsgi import application

            return application

    Server().run()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    os.environ["DJANGO_SETTINGS_MODULE"] = "commerce_sync.settings"
    main(sys.argv[1], int(sys.argv[2]), *(int(each) for each in sys.argv[3:4]))
