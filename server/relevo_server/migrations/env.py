"""Alembic's entry: the server passes its open connection; there is no offline mode."""

from alembic import context

from relevo_server.store import tables_trust
from relevo_server.store.tables import Base

_ = tables_trust  # its tables belong to the same metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    # SQLite cannot alter most of a table in place.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
