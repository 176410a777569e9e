"""Metrics written from their definitions, slow and readable aloud."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


def events(flags: Flags) -> list[tuple[int, int]]:
    """First and last rows of the runs."""
    found: list[tuple[int, int]] = []
    for row in np.flatnonzero(flags).tolist():
        if found and found[-1][1] == row - 1:
            found[-1] = (found[-1][0], row)
        else:
            found.append((row, row))
    return found


def vus(truth: Flags, scores: Floats, buffer: int, n_thresholds: int) -> tuple[float, float]:
    n, ranked = truth.size, -np.sort(-scores)
    thresholds = ranked[np.linspace(0, n - 1, n_thresholds).astype(int)]
    areas = []
    for width in range(buffer + 1):
        half = width // 2
        worth = truth.astype(float)
        for first, last in events(truth):
            for d in range(1, half + 1):
                for row in (first - d, last + d):
                    if 0 <= row < n:
                        worth[row] += math.sqrt(1 - d / width)
        worth = np.minimum(worth, 1.0)
        regions: list[tuple[int, int]] = []
        for first, last in events(truth):
            if regions and regions[-1][1] >= first - half:
                regions[-1] = (regions[-1][0], last + half)
            else:
                regions.append((first - half, last + half))
        recalls, alarms, precisions = [0.0], [0.0], []
        for threshold in thresholds:
            called = scores >= threshold
            hits = worth[called].sum()
            expected = (truth.sum() + truth.sum() + worth[called & ~truth].sum()) / 2
            reached = np.mean([called[max(a, 0) : b + 1].any() for a, b in regions])
            recalls.append(min(hits / expected, 1.0) * reached)
            alarms.append((called.sum() - hits) / (n - expected))
            precisions.append(hits / called.sum())
        pr = sum(p * (b - a) for p, a, b in zip(precisions, recalls, recalls[1:], strict=False))
        recalls.append(1.0)
        alarms.append(1.0)
        areas.append((np.trapezoid(recalls, alarms), pr))
    roc, pr = np.mean(areas, axis=0)
    return float(roc), float(pr)


def affiliation(truth: Flags, flagged: Flags, cells: int = 40) -> tuple[float | None, float]:
    """By drawing: each row is cut into cells, and every place of a zone is compared."""
    places = (np.arange(truth.size * cells) + 0.5) / cells
    true, flags = np.repeat(truth, cells), np.repeat(flagged, cells)
    whole = [(float(a), float(b + 1)) for a, b in events(truth)]
    middles = [(a[1] + b[0]) / 2 for a, b in pairwise(whole)]
    precisions, recalls = [], []
    for number, (start, end) in enumerate(whole):
        low = middles[number - 1] if number else 0.0
        high = middles[number] if number < len(middles) else float(truth.size)
        zone = (places > low) & (places < high)
        mine = places[zone & flags]
        drawn = places[zone]
        if not mine.size:
            recalls.append(0.0)
            continue
        to_event = np.sort(np.maximum(np.maximum(start - drawn, drawn - end), 0.0))
        far = np.maximum(np.maximum(start - mine, mine - end), 0.0)
        no_nearer = 1 - np.searchsorted(to_event, far, side="left") / drawn.size
        precisions.append(no_nearer.mean())
        of_event = places[zone & true & (places > start) & (places < end)]
        to_flags = np.abs(of_event[:, None] - mine).min(axis=1)
        to_drawn = np.abs(of_event[:, None] - drawn)
        inside = np.isin(of_event, mine)
        recalls.append(np.where(inside, 1.0, (to_drawn >= to_flags[:, None]).mean(axis=1)).mean())
    return (float(np.mean(precisions)) if precisions else None), float(np.mean(recalls))


def range_recall(truth: Flags, flagged: Flags, bias: str, alpha: float) -> float:
    def weight(place: int, length: int) -> int:
        if bias == "front":
            return length - place + 1
        if bias == "back":
            return place
        if bias == "middle":
            return place if place <= length / 2 else length - place + 1
        return 1

    rewards = []
    for first, last in events(truth):
        length = last - first + 1
        weights = [weight(i + 1, length) for i in range(length)]
        hit = [bool(flagged[first + i]) for i in range(length)]
        overlap = sum(w for w, h in zip(weights, hit, strict=True) if h) / sum(weights)
        pieces = sum(1 for a, b in events(flagged) if a <= last and b >= first)
        rewards.append(alpha * (pieces > 0) + (1 - alpha) * overlap / max(pieces, 1))
    return float(np.mean(rewards))


def nab(
    truths: list[Flags], scores: list[Floats], threshold: float, weights: tuple[float, float, float]
) -> float:
    """NAB's normalised score of one threshold, row by row."""
    found, alarm, missed = weights

    def sigmoid(position: float) -> float:
        return 2 / (1 + math.exp(5 * position)) - 1

    total, windows, reachable = 0.0, 0, 0
    for truth, score in zip(truths, scores, strict=True):
        probation = min(math.floor(0.15 * truth.size), 750)
        listed = events(truth)
        windows += len(listed)
        best = {one: -missed for one in listed if one[1] >= probation}
        reachable += len(best)
        for row in range(probation, truth.size):
            if not score[row] >= threshold:
                continue
            inside = next((one for one in listed if one[0] <= row <= one[1]), None)
            if inside is not None:
                position = -(inside[1] - row + 1) / (inside[1] - inside[0] + 1)
                best[inside] = max(best[inside], found * sigmoid(position) / sigmoid(-1.0))
                continue
            before = [one for one in listed if one[1] < row]
            if not before or before[-1][1] == before[-1][0]:
                total -= alarm
                continue
            first, last = before[-1]
            position = (row - last) / (last - first)
            total += alarm * (-1.0 if position >= 3 else sigmoid(position))
        total += sum(best.values())
    null = -missed * reachable
    return 100 * (total - null) / (windows * found - null)
