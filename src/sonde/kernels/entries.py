"""Every kernel that is called from outside its family, and the types it is called with.

Written out, because numba compiles a kernel anew for each combination of types that it meets: a
call with other types than these would wait. A test compares this table with what the package calls.

A call is written as the types of its arguments: a letter for what an array holds and the number of
its axes (``f2``: float64, two axes), ``r`` behind it where the array is read-only; ``int``,
``float`` and ``bool`` for single values; brackets around a tuple, or its name in ``TUPLES``.
Letters: ``f`` float64, ``g`` float32, ``i`` int64, ``n`` int32, ``u`` uint64, ``b`` bool. Arrays
are in C order.
"""

from __future__ import annotations

# Tuples by their name; where the family has a named tuple of that name, it is one.
TUPLES = {
    "Channels": "f2 f2 f2 f2 f2 f2 f2 f2 i2 i2",
    "Nearest": "f2 i2",
    "Windows": "f1 f1 f1 f1 f1 f1 f1",
    "side": "f1 f1 float i1 f1 f1 f1 f1 i1",
    "side32": "f1 f1 float i1 g1 g1 g1 g1 n1",
}

ENTRIES: dict[str, dict[str, tuple[str, ...]]] = {
    "arcs": {
        "later_arcs": ("i1 i1 int",),
    },
    "channel_windows": {
        "channel_distances": ("Channels Channels int int int",),
        "mean_distances": ("Channels Channels int i2 int int f2",),
    },
    "clusters": {
        "spread_centres": ("f2 int int",),
        "move_centres": ("f2 f2 int",),
        "nearest_centres": ("f2 f2 f1 i1 int int",),
    },
    "copula": {
        "skew_signs": ("f2",),
        "guides": ("f2 int",),
        "copula_terms": ("f2 f2 n2 f1 i1 f2 int int",),
        "copula_scores": ("f2r f2 n2 f1 i1 f1 int int",),
    },
    "drawn_neighbours": {
        "drawn_distances": ("g2 g3 n2 f1 int int",),
    },
    "ecdf": {
        "tail_tables": ("f2r",),
        "column_tails": ("f2 f1 n1 i1 f2 int int",),
        "tail_scores": ("f2r f1 n1 i1 f1 int int",),
    },
    "ewma": {
        "ewma_run": ("f2r i1 f2 f2 f1 f1 f2 f2", "f2 i1 f2 f2 f1 f1 f2 f2"),
    },
    "few_windows": {
        "nearest_of_few": ("g1 int g2 int",),
    },
    "half_space": {
        "half_space_run": (
            "f2r int float i1 n2 f2 n3 f1 f2",
            "f2 int float i1 n2 f2 n3 f1 f2",
        ),
    },
    "histogram": {
        "column_ranges": ("f2r",),
        "bin_scales": ("f1 f1 i1",),
        "bin_counts": ("f2r f1 f1 i1",),
        "column_terms": ("f2 f1 f1 i1 f1 float f2 int int",),
        "likely_bins": ("f1 int",),
        "term_sums": ("f2r f1 f1 i1 f1 float f1 int int",),
    },
    "hyperplanes": {
        "grow_slanted_trees": ("f2 int int int int int",),
        "mean_slanted_lengths": ("f2 n3 f3 f3 f2 f1 int int",),
        "slanted_shares": ("f2 n3 f3 f3 f2",),
    },
    "isolation": {
        "grow_trees": ("f2r int int int int",),
        "mean_path_lengths": ("f2r n2 f2 f2 f1 int int",),
        "column_shares": ("f2 n2 f2 f2",),
    },
    "near_blocks": {
        "box_distances": ("f2 f2 f2 f2",),
        "brought_near": ("f2 i1 f1 float float g2 f1",),
        "take_all": ("f2 i1 f2 i1 f2 i2",),
        "take_near": ("g2 f1 float f2 i1 f2 i1 f2 i2",),
    },
    "neighbours": {
        "build_tree": ("f2 int",),
        "neighbour_distances": ("f2 i1 f1 i1 f2 f2 int f2 i2 int int",),
    },
    "profile_channels": {
        "nearest_by_channels": ("Channels Channels i2 int int int Nearest Nearest",),
    },
    "profile_join": {
        "join_diagonals": ("side side int int int int i1", "side32 side32 int int int int n1"),
        "merge": ("f1 i1 f1 i1 int",),
        "settle_constants": ("i1 i1 int int f1 i1",),
        "window_distances": ("f1 f1 int i1",),
    },
    "profile_neighbours": {
        "nearest_several": ("f2 int int int",),
        "split_scores": ("i2 int",),
    },
    "profile_stream": {
        "stream_extend": ("f2 i2 i1 f1 f1 f1 i1",),
        "stream_later": ("f2 i2 i1 f1 i1",),
        "stream_update": ("f2 i2 i1 f1 float",),
    },
    "random": {
        "stream": ("int int",),
    },
    "random_cut": {
        "random_cut_run": (
            "f2r float i1 f2 f2 n3 f2 f4 f3 n3 f2 n2 n2 u2 f1 f2",
            "f2 float i1 f2 f2 n3 f2 f4 f3 n3 f2 n2 n2 u2 f1 f2",
        ),
    },
    "rolling": {
        "trailing_median": ("f1 int int",),
    },
    "scatter": {
        "moments": ("f2 i1 f1",),
        "whitening": ("f2 float",),
        "nearest": ("f1 int",),
        "concentrate": ("f2 int f1 f2 float int",),
        "smallest_ellipsoids": ("f2 int int int float int int",),
        "whitened_distances": ("f2 f1 f1 f2 f1 int int", "f2r f1 f1 f2 f1 int int"),
    },
    "spot": {
        "tail_fit": ("f1 f1",),
        "spot_run": (
            "f2r float bool f1 f3 i2 f3 f3 f1 f2 f2",
            "f2 float bool f1 f3 i2 f3 f3 f1 f2 f2",
        ),
    },
    "surprise": {
        "surprise_run": ("f2r i1r i1 f2 f2",),
    },
    "shape_distances": {
        "nearest_shapes": ("Windows int int int int int f2",),
    },
    "tails": {
        "tail_probabilities": ("f1 f1 f1 f1 float",),
    },
    "windows": {
        "cleaned": ("f1", "f1r"),
        "covariances": ("f1 f1 f1",),
        "inverse": ("f1 i1",),
        "kinds": ("f1 int", "f1r int"),
        "moments": ("f1 int",),
        "restarts": ("f1 float",),
        "steps": ("f1 f1 int",),
    },
}
