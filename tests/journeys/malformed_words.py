"""Words of the command that are wrong, whatever the data."""

from __future__ import annotations

from .cases import Malformed, file, series_csv

_SERIES = file(series_csv())


def _detect(options: str) -> str:
    return f"detect plant.csv {options}"


CASES = tuple(
    Malformed(name, _SERIES, says, words, code=2)
    for name, words, says in (
        ("no input", "detect", ("Missing argument 'INPUT", "--help")),
        ("no such command", "detekt plant.csv", ("No such command 'detekt'", "'detect'")),
        ("no such option", _detect("--colums v"), ("No such option: --colums", "--columns")),
        ("no such kind", _detect("--kind tree"), ("--kind is one of auto, series, table",)),
        (
            "no such detector",
            _detect("--detector ewmaa"),
            ("no estimator called 'ewmaa'", "did you mean 'ewma'"),
        ),
        ("no such policy", _detect("--missing guess"), ("--missing is one of auto, drop",)),
        (
            "a parameter of another detector",
            _detect("--detector ewma --param n_trees=5"),
            ("ewma has no parameter 'n_trees'", "it has: contamination"),
        ),
        (
            "a parameter without a detector",
            _detect("--param window=5"),
            ("--param needs --detector NAME",),
        ),
        (
            "a parameter without a value",
            _detect("--detector ewma --param warmup"),
            ("--param must look like name=value",),
        ),
        (
            "a parameter out of range",
            _detect("--detector discord --param window=-5"),
            ("window must be 4 or more, got -5",),
        ),
        (
            "--contamination 2",
            _detect("--contamination 2"),
            ("contamination must be above 0 and at most 0.5, got 2",),
        ),
        (
            "--contamination nan",
            _detect("--contamination nan"),
            ("contamination must be above 0", "got nan"),
        ),
        (
            "--false-alarms x",
            _detect("--false-alarms x"),
            ("false alarms must look like '2/day'", "got 'x'"),
        ),
        (
            "two thresholds",
            _detect("--contamination 0.1 --false-alarms 2/day"),
            ("give one of contamination, false_alarms",),
        ),
        (
            "--columns with a hole",
            _detect("--columns a,,b"),
            ("--columns must be names with commas between",),
        ),
        (
            "--fit-rows of words",
            _detect("--fit-rows many"),
            ("'--fit-rows'.* valid integer", "--help"),
        ),
        ("--jobs 0", _detect("--jobs 0"), ("--jobs is -1 or a number",)),
        (
            "--seed below 0",
            _detect("--seed=-1"),
            ("'--seed'.* greater than or equal to 0", "--help"),
        ),
        ("--scores to a folder", _detect("--scores ."), (r"\.: cannot write", "use .csv")),
        (
            "--scores of no known ending",
            _detect("--scores s.xyz"),
            ("s.xyz: cannot write '.xyz'", "use .csv"),
        ),
        (
            "--scores into a folder that is not there",
            _detect("--scores no/s.csv"),
            ("no/s.csv can't be written: there is no folder no",),
        ),
        (
            "--scores over the input",
            _detect("--scores plant.csv"),
            ("plant.csv is read from", "another file"),
        ),
        (
            "--report of no known ending",
            _detect("--report r.pdf"),
            ("--report writes HTML; r.pdf must end in .html",),
        ),
        (
            "standard input beside a file",
            "detect plant.csv -",
            (r"standard input \(-\) can't be read together",),
        ),
        (
            "a question for two inputs",
            "detect a.db b.db --query readings",
            ("--query goes with one database",),
        ),
        (
            "a model of no known ending",
            "train plant.csv --output m.txt",
            ("--output must end in .sonde",),
        ),
    )
)
