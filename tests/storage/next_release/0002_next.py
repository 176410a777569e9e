"""What a later release might do: a column more, another renamed, a table more.

It waits in the middle while the file named by ``SONDE_TEST_WAIT`` is there, so that a test can
kill the process there.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("models", recreate="auto") as models:
        models.add_column(sa.Column("owner", sa.Text(), nullable=False, server_default="nobody"))
        models.alter_column("description", new_column_name="about")
    with op.batch_alter_table("versions") as versions:
        versions.alter_column("signature_key", existing_type=sa.Text(), nullable=True)
    _wait()
    op.create_table("notes", sa.Column("id", sa.Integer(), primary_key=True))


def downgrade() -> None:
    op.drop_table("notes")
    with op.batch_alter_table("versions") as versions:
        versions.alter_column("signature_key", existing_type=sa.Text(), nullable=False)
    with op.batch_alter_table("models") as models:
        models.alter_column("about", new_column_name="description")
        models.drop_column("owner")


def _wait() -> None:
    sign = os.environ.get("SONDE_TEST_WAIT")
    if sign is not None:
        Path(sign).write_text("in the middle")
        time.sleep(60)
