"""What all tables share: their names for Alembic, their own numbers, and the machine that a row is of."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, MetaData, String

# Alembic needs a name for each rule in order to change it later.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A number that SQLite gives by itself must be its INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


def machine(*, primary_key: bool = False) -> Column[str]:
    """The column that says of which machine a row is."""
    return Column("machine_id", String(64), primary_key=primary_key, nullable=False)
