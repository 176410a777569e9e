"""Columns that a stored model learned from and that are not there: one refusal for every door."""

from __future__ import annotations

import numpy as np

from ..core import Schema, Table
from ..data.quoting import listed, quoted
from ..errors import SchemaMismatch


def refuse_missing(
    schema: Schema, own: tuple[str, ...], has_time: bool = False, has_id: bool = False
) -> None:
    """Raise SchemaMismatch where a column that the model learned from is not among ``own``.

    Its times and its ids may lie elsewhere: ``has_time``, ``has_id``.
    """
    if schema.named and not set(schema.channels) <= set(own):
        # In the words of the one check there is.
        schema.check(Table(np.zeros((max(schema.min_rows, 1), len(own))), own))
    for role, column, is_elsewhere in (
        ("times", schema.time_column, has_time),
        ("ids", schema.id_column, has_id),
    ):
        if column is not None and not is_elsewhere and column not in own:
            raise SchemaMismatch(
                f"the model learned from {role} in column {quoted(column)}, which is missing "
                f"(there are {listed(own)}); send it, or name another as {role[:-1]}",
                missing=[column],
                got=own,
            )
