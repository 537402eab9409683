"""Where things stand in the checkout; standard library only: set-up runs before anything is installed."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
LOCK_FILE = ROOT / "requirements.lock"
VIEWER = ROOT / "viewer"
WHEELS = ROOT / "dist"
MEMBERS = ("protocol", "server", "agent_client")

_WINDOWS = os.name == "nt"
VENV_BIN = VENV / ("Scripts" if _WINDOWS else "bin")
VENV_PYTHON = VENV_BIN / ("python.exe" if _WINDOWS else "python")
