"""``sonde profile``: what repeats in a series, what is like nothing else, and where it changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from ..errors import InvalidInput
from . import options as o
from .answers import say_problems
from .exit_codes import FINE, UsageMistake, checking_usage
from .screen import print_json, print_renderable, say, working

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ..learn.profiles import Profile
    from ..report import Findings
    from .one_series import Columns, OneSeries

FINDING = "What to find"
PRECISIONS = ("float64", "float32")
DEVICES = ("cpu", "gpu")
MOST = 10_000  # findings of a kind; each is looked for in the whole profile
AUTO = "auto"


@dataclass(frozen=True)
class Wanted:
    """How many of each to look for; ``regimes`` is None for none, -1 for as many as there are."""

    motifs: int
    discords: int
    regimes: int | None


def profile(
    input: o.Inputs,
    window: Annotated[
        int | None,
        typer.Option(
            help="Rows of a window; proposed from the data when left out.",
            rich_help_panel=FINDING,
            min=3,
        ),
    ] = None,
    with_: Annotated[
        str | None,
        typer.Option(
            "--with",
            metavar="OTHER",
            help="Look for the nearest windows in this file instead of in the same series.",
            rich_help_panel=FINDING,
        ),
    ] = None,
    motifs: Annotated[
        int,
        typer.Option(
            help="How many pairs of windows that are alike.",
            rich_help_panel=FINDING,
            min=0,
            max=MOST,
        ),
    ] = 3,
    discords: Annotated[
        int,
        typer.Option(
            help="How many windows that are like no other.",
            rich_help_panel=FINDING,
            min=0,
            max=MOST,
        ),
    ] = 3,
    regimes: Annotated[
        str | None,
        typer.Option(
            metavar="K",
            help="Cut the series into K stretches of one behaviour; auto for as many as there are.",
            rich_help_panel=FINDING,
        ),
    ] = None,
    time: o.Time = None,
    columns: o.Columns = None,
    id: o.Id = None,
    series: Annotated[
        str | None,
        typer.Option(help="Which series, where the input holds several.", rich_help_panel=o.DATA),
    ] = None,
    query: o.Query = None,
    precision: Annotated[
        str,
        typer.Option(
            help="float64, or float32: quicker; a neighbour may be another that is as near.",
            rich_help_panel=o.LEARNING,
        ),
    ] = "float64",
    device: Annotated[str, typer.Option(help="cpu or gpu.", rich_help_panel=o.LEARNING)] = "cpu",
    jobs: o.Jobs = -1,
    output: Annotated[
        Path | None,
        typer.Option(
            help="Write the profile: .parquet holds all of it and can be given as INPUT again; "
            ".csv, .jsonl and .json hold one line per window.",
            rich_help_panel=o.OUTPUT,
        ),
    ] = None,
    report: o.Report = None,
    json: o.AsJson = False,
    quiet: o.Quiet = False,
    verbose: o.Verbose = False,
) -> int:
    """Compare every window of a series with every other: what repeats, what is like nothing else.

    Several value columns are one profile that says which columns carry each finding.

    Example: sonde profile plant.csv --regimes auto --report profile.html
    """
    with checking_usage():
        o.check_inputs(input, query)
        wanted = Wanted(motifs, discords, _number_of_regimes(regimes))
        names = o.split_names(columns)
        o.one_of("precision", precision, PRECISIONS)
        o.one_of("device", device, DEVICES)
        o.check_jobs(jobs)
        _check_join(with_, input, wanted)
        others = () if with_ is None else (with_,)
        o.check_outputs(output, report=report, read=(*input, *others))
    from .one_series import Columns, one_series, saved_profile

    told = o.shown_input(input, query)
    with working(quiet=quiet):
        saved = saved_profile(input, query)
        if saved is not None:
            given = {"window": window, "time": time, "columns": columns, "id": id}
            given |= {"precision": None if precision == PRECISIONS[0] else precision}
            given |= {"device": None if device == DEVICES[0] else device}
            _refuse_other_work(told, given | {"series": series, "with": with_})
            found = _loaded(saved, wanted, told)
        else:
            which = Columns(time, names, id, series)
            one = one_series(input, query, which)
            other = None if with_ is None else _other_series(with_, which)
            found = _computed(
                one, other, wanted, window, precision=precision, device=device, n_jobs=jobs
            )
        gaps, flaws = _gaps(found.profile.time), found.problems
        found = replace(found, problems=[*gaps, *flaws])
        _write(found, output, report)
    say(found.message, quiet=quiet)
    for note in gaps:  # it changes what a finding is
        say(f"Note: {note}", quiet=quiet)
    say_problems(flaws, quiet=quiet, verbose=verbose)
    if json:
        from ..report import findings_json

        answer = findings_json(found) | {"request_id": uuid4().hex, "input": told}
        print_json(answer)
    else:
        from ..report import profile_table

        print_renderable(profile_table(found))
    written = [str(path) for path in (output, report) if path is not None]
    if written:
        say(f"Written: {', '.join(written)}", quiet=quiet)
    return FINE


def _number_of_regimes(text: str | None) -> int | None:
    """``"4"`` as 4, ``"auto"`` as −1; None and 0 for none."""
    if text == AUTO:
        return -1
    try:
        count = int(text or 0)
    except ValueError:
        count = -1
    if not 0 <= count <= MOST:
        raise InvalidInput(f"--regimes is a number of stretches or auto, got {text!r}")
    return count or None


def _check_join(other: str | None, inputs: list[str], wanted: Wanted) -> None:
    """Refuse what can't be done with another series."""
    if other is None:
        return
    if wanted.regimes is not None:
        raise InvalidInput("--regimes cuts one series by itself; leave out --with")
    if other == "-" and "-" in inputs:
        raise InvalidInput("standard input (-) can be read once; name a file for --with")


def _other_series(source: str, which: Columns) -> OneSeries:
    """What neighbours are looked for in; a saved profile would be a table of distances."""
    from .one_series import one_series, saved_profile

    if saved_profile([source], None) is not None:
        raise UsageMistake(f"{source} holds a profile, and --with is another series; give that")
    return one_series([source], None, which)


def _refuse_other_work(source: str, given: Mapping[str, object]) -> None:
    """A saved profile can be read off, not computed again: options of the latter are mistakes."""
    named = [f"--{name}" for name, value in given.items() if value is not None]
    if named:
        raise UsageMistake(
            f"{source} holds a profile that was computed already, so {', '.join(named)} can't be "
            "followed; give the series itself"
        )


def _computed(
    one: OneSeries, other: OneSeries | None, wanted: Wanted, window: int | None, **how: Any
) -> Findings:
    """The profile of a series, and what was asked of it."""
    from ..learn.profiles import matrix_profile

    if other is not None and other.data.channels != one.data.channels:
        raise InvalidInput(
            f"{other.name} has {_listed(other.data.channels)} and {one.name} has "
            f"{_listed(one.data.channels)}; name the same columns of both with --columns"
        )
    try:
        made = matrix_profile(one.data, window, None if other is None else other.data, **how)
    except InvalidInput as error:  # which knows the function's name, and not the file's
        said = str(error).removeprefix("matrix_profile: ")
        raise type(error)(f"{one.name}: {said}", **error.facts) from None
    problems = list(one.problems)
    if other is not None:
        problems += [f"{other.name}: {text}" for text in other.problems]
    return _read_off(
        made,
        wanted,
        source=one.name,
        message=_message(one, other, made),
        step_ns=one.step_ns,
        problems=problems,
        other_source=None if other is None else other.name,
        other_time=None if other is None else other.data.time,
    )


def _loaded(saved: Profile, wanted: Wanted, source: str) -> Findings:
    """A saved profile, and what was asked of it now."""
    from ..core import Series
    from ..learn.seasons import regular_step

    step = None
    if saved.time is not None:
        step = regular_step(Series(saved.values, saved.channels, saved.time))
    message = f"Read a profile from {source}: {saved.n_windows:,} windows of {saved.window:,} rows."
    return _read_off(saved, wanted, source=source, message=message, step_ns=step)


def _gaps(time: NDArray[np.int64] | None) -> list[str]:
    """What is to be known of a series that keeps a step, but for some moments that are missing."""
    import numpy as np

    from ..data.timing.steps import find_gaps

    if time is None or len(time) < 3:
        return []
    steps = np.diff(time)
    gaps = find_gaps(time, int(np.median(steps)))
    if gaps is None or gaps.count > len(steps) // 10:
        return []
    where = "a gap in time" if gaps.count == 1 else f"{gaps.count} gaps in time"
    return [f"windows count rows and go on over {where}; those that do last longer than the others"]


def _read_off(profile: Profile, wanted: Wanted, **beside: Any) -> Findings:
    """What was asked of a profile."""
    from ..core.progress import tell
    from ..report import Findings

    tell("looking for motifs", 0.0)
    found = profile.motifs(wanted.motifs) if wanted.motifs else []
    tell("looking for discords", 0.0)
    lonely = profile.discords(wanted.discords) if wanted.discords else []
    if wanted.regimes is None:
        return Findings(profile, found, lonely, **beside)
    tell("looking for regimes", 0.0)
    count = None if wanted.regimes < 0 else wanted.regimes
    return Findings(profile, found, lonely, profile.regimes(count), **beside)


def _write(found: Findings, output: Path | None, report: Path | None) -> None:
    from ..core.progress import tell
    from ..data import write_frame
    from ..report import write_profile

    tell("writing", 0.0)
    if output is not None:
        if output.suffix.lower() == ".parquet":
            found.profile.save(output)
        else:
            write_frame(found.profile.to_frame(), output)
    if report is not None:
        write_profile(found, report)


def _message(one: OneSeries, other: OneSeries | None, made: Profile) -> str:
    """What the input was taken for, and which windows were compared, in sentences."""
    said = one.told
    if other is not None:
        said += f" Compared with {other.name}, {len(other.data):,} rows."
    said += f" Window: {made.window:,} rows"
    said += f" ({made.why})." if made.why else "."
    return f"{said} {made.n_windows:,} windows."


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name in names)
