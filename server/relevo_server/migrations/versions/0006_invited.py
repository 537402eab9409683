"""Whom somebody in a session has invited, which a restart is not to forget; the furthest mode given in it."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has been kept before."""
    op.add_column("relay_sessions", sa.Column("invited", sa.Text(), nullable=False, server_default=""))
    op.add_column(
        "relay_sessions", sa.Column("furthest_mode", sa.String(32), nullable=False, server_default="")
    )


def downgrade() -> None:
    """Forget them."""
    op.drop_column("relay_sessions", "furthest_mode")
    op.drop_column("relay_sessions", "invited")
