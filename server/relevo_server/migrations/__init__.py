"""Alembic's migrations, in the package so that every installation brings its own."""
