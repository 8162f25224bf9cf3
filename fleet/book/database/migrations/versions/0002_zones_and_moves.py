"""Keep in which zone a machine's days are, and how often a boot moved."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Keep both; a machine in a location has its days in that one's zone so far."""
    with op.batch_alter_table("boots", schema=None) as batch_op:
        batch_op.add_column(sa.Column("moves", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index(
            "ix_entries_machine_id_boot_boot_s", ["machine_id", "boot", "boot_s"], unique=False
        )

    with op.batch_alter_table("machines", schema=None) as batch_op:
        batch_op.add_column(sa.Column("zone", sa.String(length=64), server_default="", nullable=False))

    op.execute(
        "UPDATE machines SET zone = (SELECT zone FROM locations WHERE locations.id = machines.location_id) "
        "WHERE location_id IS NOT NULL"
    )
