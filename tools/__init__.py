"""The house's own scripts: set-up, checks, tests, wheels and the demo; run as ``python -m tools.<name>``."""
