"""What a command shows and writes of an answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from ..errors import InvalidInput
from .exit_codes import FINE, FOUND_SOMETHING
from .screen import print_json, print_renderable, print_text, say

if TYPE_CHECKING:
    from ..core import Anomaly, Detection
    from ..data import Reading
    from ..data.formats.parts import Parts
    from ..runtimes.embedded import FoundInFile

# Who looks at the same data in another way.
_ANOTHER = {
    "auto_channels": "sub_pca",
    "auto_online": "ewma",
    "auto_series": "discord",
    "auto_table": "knn",
    "cblof": "knn",
    "change_points": "discord",
    "copod": "knn",
    "dbscan": "lof",
    "discord": "seasonal_residual",
    "ecod": "knn",
    "ewma": "random_cut_forest",
    "extended_isolation_forest": "knn",
    "half_space_trees": "random_cut_forest",
    "hbos": "isolation_forest",
    "isolation_forest": "hbos",
    "kmeans_windows": "discord",
    "knn": "hbos",
    "kshape_windows": "discord",
    "lof": "knn",
    "loop": "knn",
    "mcd": "hbos",
    "ocsvm": "isolation_forest",
    "online_discord": "ewma",
    "pattern_graph": "discord",
    "pca": "knn",
    "poly": "discord",
    "random_cut_forest": "isolation_forest",
    "seasonal_residual": "discord",
    "spectral_residual": "seasonal_residual",
    "spot": "ewma",
    "sub_pca": "discord",
}


@dataclass(frozen=True)
class Outputs:
    """Where an answer goes: files, JSON or a table, and how much is said beside it."""

    source: str
    scores: Path | None = None
    anomalies: Path | None = None
    report: Path | None = None
    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    fail_on_anomaly: bool = False

    def exit_code(self, n_anomalies: int) -> int:
        return FOUND_SOMETHING if self.fail_on_anomaly and n_anomalies else FINE

    def say_written(self) -> None:
        """The files that are there now."""
        told = [path for path in (self.scores, self.anomalies, self.report) if path is not None]
        if told:
            say(f"Written: {', '.join(map(str, told))}", quiet=self.quiet)


def write_files(reading: Reading, detection: Detection, out: Outputs) -> None:
    """The output files that were asked for."""
    from ..core.progress import tell
    from ..data import write_frame
    from ..report import anomalies_frame, scores_frame, write

    tell("writing", 0.0)
    if out.scores is not None:
        write_frame(scores_frame(reading, detection), out.scores)
    if out.anomalies is not None:
        flat = out.anomalies.suffix.lower() == ".csv"
        write_frame(anomalies_frame(reading, detection, flat=flat), out.anomalies)
    if out.report is not None:
        write(reading, detection, out.report)


def show(reading: Reading, detection: Detection, out: Outputs, seconds: float) -> int:
    """The answer on standard output, the message on standard error; the exit code.

    ``seconds`` is what the answer took.
    """
    from ..report import anomaly_table, files_json, to_json
    from ..wire.plain import synonyms

    say(detection.chosen["message"], quiet=out.quiet)
    say_problems(detection.problems, quiet=out.quiet, verbose=out.verbose)
    if out.as_json:
        answer = to_json(detection) | files_json(reading)
        answer |= synonyms(detection, detection.chosen["detector"], seconds)
        print_json(answer | {"request_id": uuid4().hex, "input": out.source})
    elif detection.anomalies:
        print_renderable(anomaly_table(reading, detection))
    else:
        file, candidate = None, detection.candidate
        if candidate is not None and reading.files is not None:
            file, candidate = reading.files.named(candidate)
        _say_nothing_found(candidate, file, detection.chosen)
    out.say_written()
    return out.exit_code(len(detection.anomalies))


def show_whole(found: FoundInFile, out: Outputs) -> int:
    """The same for a file that was read part by part: what was found, not what each row is."""
    from ..report import anomaly_list, plain

    whole = found.whole
    say(found.chosen["message"], quiet=out.quiet)
    say(
        f"Read part by part, {whole.n_rows:,} rows: it would take more memory than "
        "SONDE_PARTS_ABOVE_MB allows.",
        quiet=out.quiet,
    )
    say_problems(whole.problems, quiet=out.quiet, verbose=out.verbose)
    if out.as_json:
        print_json(
            {
                "rows": whole.n_rows,
                "anomalous_rows": whole.n_anomalous_rows,
                "n_anomalies": whole.n_anomalies,
                "anomalies": [plain(a.to_dict()) for a in whole.anomalies],
                "candidate": None if whole.candidate is None else plain(whole.candidate.to_dict()),
                "chosen": plain(found.chosen),
                "problems": whole.problems,
                "request_id": uuid4().hex,
                "input": out.source,
            }
        )
    elif whole.anomalies:
        print_renderable(anomaly_list(whole.anomalies, found.model.schema_.channels))
    else:
        _say_nothing_found(whole.candidate, None, found.chosen)
    out.say_written()
    return out.exit_code(whole.n_anomalies)


def refuse_report(out: Outputs, parts: Parts) -> None:
    """Refuse the report of a file that is read part by part."""
    if out.report is not None:
        raise InvalidInput(
            f"--report needs all rows of {parts.name} in memory, about {parts.needed_mb:,} MB; "
            "leave it out (--scores and --anomalies are written part by part), or raise "
            "SONDE_PARTS_ABOVE_MB",
            needed_mb=parts.needed_mb,
        )


def say_problems(problems: Sequence[str], *, quiet: bool, verbose: bool) -> None:
    """What was odd about the data, or how to see it."""
    if verbose:
        for problem in problems:
            say(f"Note: {problem}", quiet=quiet)
    elif problems:
        are = "is 1 note" if len(problems) == 1 else f"are {len(problems)} notes"
        say(f"There {are} on the data; --verbose shows what.", quiet=quiet)


def _say_nothing_found(
    candidate: Anomaly | None, file: str | None, chosen: Mapping[str, Any]
) -> None:
    """The result of a quiet file, with the strongest candidate and what else can be tried."""
    text = "Nothing unusual was found."
    if candidate is not None:
        where = f"row {candidate.peak}" + (f" of {file}" if file is not None else "")
        if candidate.series not in (None, file):
            where += f" of series {candidate.series!r}"
        text += (
            f" The strongest candidate is {where}, score {candidate.score:.4g} "
            f"(probability {candidate.probability:.6g}).\n{_what_to_try(chosen)}"
        )
    print_text(text)


def _what_to_try(chosen: Mapping[str, Any]) -> str:
    # Only the answer of a stored model does not tell how many rows were learned from.
    is_stored = "fit_rows" not in chosen
    begin, option = ("train again and ", "--model") if is_stored else ("", "--detector")
    text = (
        f"If you know that something is wrong, {begin}say how much (--contamination 0.01) or how "
        "many false alarms may pass (--false-alarms)"
    )
    another = _ANOTHER.get(chosen["detector"])
    if chosen.get("online") and chosen["detector"] == "random_cut_forest":
        another = "ewma"
    return f"{text}." if another is None else f"{text}, or try {option} {another}."
