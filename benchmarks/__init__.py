"""Measures the capture-diff-encode core and the relay: ``python -m benchmarks``; see README.md."""
