"""What came of pushes, and each group's record of it

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from core.types import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_record",
        sa.Column(
            "group_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("ordered", sa.Float(), nullable=False),
        sa.Column("thanked", sa.Float(), nullable=False),
        sa.Column("ignored", sa.Float(), nullable=False),
        sa.Column("refused", sa.Float(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("group_id"),
    )
    with op.batch_alter_table("push", schema=None) as batch_op:
        batch_op.add_column(sa.Column("result", sa.String(length=8), server_default="", nullable=False))
        batch_op.create_index("ix_push_result", ["result", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("push", schema=None) as batch_op:
        batch_op.drop_index("ix_push_result")
        batch_op.drop_column("result")

    op.drop_table("push_record")
