"""Recordings of real programs on a real X display: by a recipe, kept in ``.cache``, played to the loop."""
