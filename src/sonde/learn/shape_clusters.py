"""k-Shape: stretches of a series grouped by their shape, wherever in the stretch it stands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

TURNS = 50  # of the power iteration, at most
SETTLED = 1e-9  # 1 − cosine between its turns


def shape_distances(rows: Floats, centre: Floats) -> tuple[Floats, Integers]:
    """How far rows are from a centre at their best alignment, and which that is.

    Parameters
    ----------
    rows : (n, length) float64, each of mean 0 and norm 1, or all zeros.
    centre : (length,) float64, likewise.

    Returns
    -------
    distances : (n,) float64, 0 to 2: 1 − the largest cross-correlation over all shifts; 1 where
        either is zeros.
    shifts : (n,) int64: the row, read ``shifts`` values later, is most like the centre.

    Source
    ------
    Paparrizos, Gravano (2015), k-Shape: efficient and accurate clustering of time series, SIGMOD,
    equation 9 (SBD).
    """
    return _distances(_spectra(rows), centre, rows.shape[1])


def k_shape(rows: Floats, n_clusters: int, seed: int, n_iter: int = 30) -> tuple[Floats, Integers]:
    """Centres by shape, and the nearest of them for each row.

    Parameters
    ----------
    rows : (n, length) float64, each of mean 0 and norm 1, or all zeros.
    n_clusters : 1 ≤ n_clusters ≤ n.
    seed : of the groups to begin with.
    n_iter : most rounds, ≥ 1.

    Returns
    -------
    centres : (n_clusters, length) float64, of mean 0 and norm 1, or zeros.
    labels : (n,) int64.

    Source
    ------
    Paparrizos, Gravano (2015), algorithm 3. The largest eigenvector of their equation 15 is found
    by power iteration, from the centre before; a cluster without rows takes the row that is least
    like its own centre, where they leave it empty.
    """
    spectra, length = _spectra(rows), rows.shape[1]
    labels = np.random.default_rng(seed).permutation(len(rows)) % n_clusters
    centres = np.zeros((n_clusters, length))
    distances = np.empty((len(rows), n_clusters))
    for _ in range(n_iter):
        for c in range(n_clusters):
            mine = np.flatnonzero(labels == c)
            if mine.size:
                _, shifts = _distances(spectra[mine], centres[c], length)
                centres[c] = shape_of(_shifted(rows[mine], shifts), centres[c])
            distances[:, c] = _distances(spectra, centres[c], length)[0]
        before, labels = labels, distances.argmin(axis=1)
        _fill_empty(labels, distances)
        if np.array_equal(before, labels):
            break
    return centres, labels


def shape_of(rows: Floats, start: Floats) -> Floats:
    """(length,) the shape of mean 0 and norm 1 whose squared correlations with rows sum highest.

    ``rows`` are (n, length), aligned; ``start`` is where the search begins, zeros for their mean.
    Zeros where all rows are constant.
    """
    rows = rows - rows.mean(axis=1, keepdims=True)
    norms = np.sqrt(np.square(rows).sum(axis=1, keepdims=True))
    rows = np.divide(rows, norms, out=np.zeros_like(rows), where=norms > 0)
    shape = start if start.any() else rows.mean(axis=0)
    if not (rows @ shape).any():  # by chance at a right angle to all of them: any row will do
        shape = rows[np.argmax(norms)]
    for _ in range(TURNS):
        turned = (rows @ shape) @ rows
        turned -= turned.mean()
        norm = float(np.sqrt(turned @ turned))
        if norm == 0.0:
            return np.zeros(rows.shape[1])
        turned /= norm
        done = 1.0 - abs(float(turned @ shape)) < SETTLED
        shape = turned
        if done:
            break
    return np.asarray(-shape if (rows @ shape).sum() < 0 else shape)


def _spectra(rows: Floats) -> NDArray[np.complex128]:
    return np.fft.rfft(rows, _padded(rows.shape[1]), axis=1)


def _padded(length: int) -> int:
    """A power of two at which no shift wraps around."""
    return 1 << int(2 * length - 1).bit_length()


def _distances(
    spectra: NDArray[np.complex128], centre: Floats, length: int
) -> tuple[Floats, Integers]:
    size = _padded(length)
    products = np.fft.irfft(spectra * np.conj(np.fft.rfft(centre, size)), size, axis=1)
    places = products.argmax(axis=1)
    highest = products[np.arange(len(products)), places]
    return 1.0 - highest, np.where(places >= length, places - size, places)


def _shifted(rows: Floats, shifts: Integers) -> Floats:
    """(n, length) each row read ``shifts`` values later, zeros where there is none."""
    places = np.arange(rows.shape[1]) + shifts[:, None]
    inside = (places >= 0) & (places < rows.shape[1])
    found = np.take_along_axis(rows, np.clip(places, 0, rows.shape[1] - 1), axis=1)
    return np.where(inside, found, 0.0)


def _fill_empty(labels: Integers, distances: Floats) -> None:
    """Give each cluster without rows the one that is least like its own centre; in place."""
    own = distances.min(axis=1)
    counts = np.bincount(labels, minlength=distances.shape[1])
    for c in np.flatnonzero(counts == 0):
        shared = counts[labels] > 1
        if not shared.any():
            return
        farthest = int(np.argmax(np.where(shared, own, -np.inf)))
        counts[labels[farthest]] -= 1
        labels[farthest], own[farthest], counts[c] = c, 0.0, 1
