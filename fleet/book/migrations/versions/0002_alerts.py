"""alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """What alerts are decided by, who decides, and whom they are told."""
    op.create_table(
        "habits",
        sa.Column("machine_id", sa.String(length=64), nullable=False),
        sa.Column("location_id", sa.BigInteger(), nullable=True),
        sa.Column("since_at", sa.Float(), nullable=False),
        sa.Column("customers", sa.BigInteger(), nullable=False),
        sa.Column("longest_s", sa.Float(), nullable=False),
        sa.Column("learned_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("machine_id", name=op.f("pk_habits")),
    )
    op.create_table(
        "leases",
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("until_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "troubles",
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("began_at", sa.Float(), nullable=False),
        sa.Column("until_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("subject", "kind", name=op.f("pk_troubles")),
    )
    op.create_table(
        "workers",
        sa.Column("part", sa.String(length=16), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=False),
        sa.Column("beat_at", sa.Float(), nullable=False),
        sa.Column("since_at", sa.Float(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("part", "worker", name=op.f("pk_workers")),
    )
    with op.batch_alter_table("alert_deliveries") as deliveries:
        deliveries.add_column(sa.Column("claimed_by", sa.String(length=64), nullable=True))
        deliveries.drop_index("ix_alert_deliveries_sent_at")
        deliveries.create_index("ix_alert_deliveries_sent_at_due_at", ["sent_at", "due_at"])
    with op.batch_alter_table("alerts") as alerts:
        alerts.add_column(sa.Column("covers", sa.Text(), nullable=False, server_default="[]"))
        alerts.drop_index("ix_alerts_ended_at")
        alerts.create_index("ix_alerts_began_at", ["began_at"])
        alerts.drop_column("escalated_at")
    op.create_index(
        "uq_alerts_open",
        "alerts",
        ["subject", "kind"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    with op.batch_alter_table("channels") as channels:
        channels.add_column(sa.Column("zone", sa.String(length=64), nullable=False, server_default="UTC"))
        channels.add_column(sa.Column("escalates_after_s", sa.Integer(), nullable=False, server_default="0"))
        channels.drop_column("is_escalation")
