"""What stands in a removal's way"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("removals", schema=None) as batch_op:
        batch_op.add_column(sa.Column("obstacle_path", sa.Text(), nullable=True))
