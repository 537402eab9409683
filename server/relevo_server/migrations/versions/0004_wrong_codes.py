"""How many wrong codes of an authenticator app were tried."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_COUNTS = ("wrong", "untold")


def upgrade() -> None:
    """Nothing has been counted before."""
    for name in _COUNTS:
        op.add_column("totp_secrets", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    """Forget the counts."""
    for name in _COUNTS:
        op.drop_column("totp_secrets", name)
