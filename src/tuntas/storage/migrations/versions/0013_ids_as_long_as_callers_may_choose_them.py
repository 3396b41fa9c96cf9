"""Ids as long as callers may choose them"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("sends", schema=None) as batch_op:
        batch_op.alter_column("token", existing_type=sa.String(length=32), type_=sa.String(length=64), nullable=False)
