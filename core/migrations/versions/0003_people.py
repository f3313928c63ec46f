"""People: tags, proposals, the history of labels, and what is kept of consent

Revision: 0003, after 0002
"""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

from core.types import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index("ix_audit_entry_actor", ["actor"], unique=False)
        batch_op.create_index("ix_audit_entry_subject", ["subject"], unique=False)

    op.create_table(
        "forgotten_person",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("personalisation_off", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person"),
    )
    with op.batch_alter_table("forgotten_person", schema=None) as batch_op:
        batch_op.create_index("ix_forgotten_person_account", ["channel", "account"], unique=False)

    op.create_table(
        "local_chat_room",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "proposal",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("dedupe_key", sa.String(length=160), nullable=False),
        sa.Column("channel", sa.String(length=32), nullable=False),
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("leader", sa.String(length=128), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("about", sa.JSON(), nullable=False),
        sa.Column("group_ids", sa.JSON(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("target_id", sa.BigInteger(), nullable=True),
        sa.Column("room_id", sa.String(length=128), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("decided_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.CheckConstraint("kind IN ('open', 'split', 'merge', 'move', 'retire')", name="ck_proposal_kind"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("dedupe_key"),
    )
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.create_index("ix_proposal_leader", ["channel", "account", "leader", "state"], unique=False)

    op.create_table(
        "tag_mark",
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("mark"),
    )
    op.create_table(
        "group_label_change",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("group_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("cause", sa.String(length=32), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.CheckConstraint("what IN ('added', 'removed')", name="ck_group_label_change_what"),
        sa.ForeignKeyConstraint(["group_id"], ["chat_group.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("group_label_change", schema=None) as batch_op:
        batch_op.create_index("ix_group_label_change_group", ["group_id", "id"], unique=False)

    op.create_table(
        "member_tag",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("member_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("said", sa.Integer(), nullable=False),
        sa.Column("ordered", sa.Integer(), nullable=False),
        sa.Column("first_at", UtcDateTime(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["member_id"], ["chat_member.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("member_id", "kind", "key", "value", name="uq_member_tag"),
    )
    with op.batch_alter_table("chat_group", schema=None) as batch_op:
        batch_op.add_column(sa.Column("welcome", sa.Boolean(), nullable=True))
        batch_op.add_column(sa.Column("roster_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("successor_id", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("retired_at", UtcDateTime(), nullable=True))

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.add_column(sa.Column("joined_at", UtcDateTime(), nullable=True))
        batch_op.add_column(sa.Column("welcomed_at", UtcDateTime(), nullable=True))

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("fleeting", sa.Boolean(), server_default=sa.false(), nullable=False))

    # made here rather than when it is first needed: two transactions that both make it can wait for each other for ever
    keys = sa.table("ledger_key", sa.column("id", sa.Integer()), sa.column("secret", sa.LargeBinary()))
    if op.get_bind().execute(sa.select(keys.c.id)).first() is None:
        op.bulk_insert(keys, [{"id": 1, "secret": secrets.token_bytes(32)}])


def downgrade() -> None:
    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_column("fleeting")

    with op.batch_alter_table("membership", schema=None) as batch_op:
        batch_op.drop_column("welcomed_at")
        batch_op.drop_column("joined_at")

    with op.batch_alter_table("chat_group", schema=None) as batch_op:
        batch_op.drop_column("retired_at")
        batch_op.drop_column("successor_id")
        batch_op.drop_column("roster_at")
        batch_op.drop_column("welcome")

    op.drop_table("member_tag")
    with op.batch_alter_table("group_label_change", schema=None) as batch_op:
        batch_op.drop_index("ix_group_label_change_group")

    op.drop_table("group_label_change")
    op.drop_table("tag_mark")
    with op.batch_alter_table("proposal", schema=None) as batch_op:
        batch_op.drop_index("ix_proposal_leader")

    op.drop_table("proposal")
    op.drop_table("local_chat_room")
    with op.batch_alter_table("forgotten_person", schema=None) as batch_op:
        batch_op.drop_index("ix_forgotten_person_account")

    op.drop_table("forgotten_person")
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.drop_index("ix_audit_entry_subject")
        batch_op.drop_index("ix_audit_entry_actor")

    op.drop_table("audit_entry")
