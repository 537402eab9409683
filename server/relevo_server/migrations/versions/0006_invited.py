"""Whom somebody in a session has invited, so that a restart of the relay does not forget them."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody has been kept before."""
    op.add_column("relay_sessions", sa.Column("invited", sa.Text(), nullable=False, server_default=""))


def downgrade() -> None:
    """Forget them."""
    op.drop_column("relay_sessions", "invited")
