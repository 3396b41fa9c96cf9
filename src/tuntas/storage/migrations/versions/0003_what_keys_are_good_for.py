"""What keys are good for"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A key of an earlier version was good for everything, and stays so.
    everything = sa.text("'[\"admin\"]'")
    with op.batch_alter_table("keys", schema=None) as batch_op:
        batch_op.add_column(sa.Column("scopes", sa.JSON(), nullable=False, server_default=everything))
        batch_op.add_column(sa.Column("sessions", sa.JSON(), nullable=True))
        batch_op.add_column(sa.Column("last_used_at", sa.BigInteger(), nullable=True))
