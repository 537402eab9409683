"""Whole programs on the same scenes: X display, capture, relay or proxy, and a Chromium that shows it."""
