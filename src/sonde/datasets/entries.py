"""What ships: one entry for each data set, with its source and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

MIT, BSD_2, BSD_3 = "MIT", "BSD-2-Clause", "BSD-3-Clause"
CC_BY, PUBLIC = "CC BY 4.0", "public domain"
LICENCE_FILES = {
    ("NAB", MIT): "LICENSE-NAB.txt",
    ("aeon", BSD_3): "LICENSE-aeon.txt",
    ("ADBench", BSD_2): "LICENSE-ADBench.txt",
    ("UCI", CC_BY): "LICENSE-CC-BY-4.0.txt",
    ("statsmodels", PUBLIC): "PUBLIC-DOMAIN.txt",
}


class Event(NamedTuple):
    """Something known to have happened in rows ``start`` to ``end`` (end exclusive)."""

    start: int
    end: int
    what: str


@dataclass(frozen=True)
class Dataset:
    """One data set that ships.

    Parameters
    ----------
    rows : of a series or a table; of a collection, the number of its series.
    via : whose distribution the file was taken from, unchanged unless ``source`` says so.
    splits : name → number of series; empty where the data have no official split.
    label : the column of labels, or ``"class"`` or ``"target"`` of a collection; None without.
    """

    name: str
    kind: Literal["series", "table", "collection"]
    rows: int
    channels: int
    about: str
    source: str
    via: str
    licence: str
    splits: dict[str, int] = field(default_factory=dict)
    label: str | None = None
    categories: bool = False
    events: tuple[Event, ...] = ()

    @property
    def licence_file(self) -> str:
        """The file beside the data that holds the text of the licence."""
        return LICENCE_FILES[self.via, self.licence]

    @property
    def files(self) -> dict[str | None, str]:
        """Split → file; the one file of data without splits is under None."""
        if self.splits:
            return {split: f"{self.name}_{split}.ts.gz" for split in self.splits}
        return {None: f"{self.name}.csv.gz"}


_NAB = "Numenta Anomaly Benchmark, realKnownCause"
_UCR = "UCR time series archive, in the copy that aeon and sktime ship"
_SERIES = (
    Dataset(
        "nyc_taxi",
        "series",
        10_320,
        1,
        "taxi passengers in New York, every 30 minutes, July 2014 to January 2015",
        f"{_NAB}, from the NYC Taxi and Limousine Commission",
        "NAB",
        MIT,
        events=(
            Event(5839, 6046, "a marathon, and the clocks go back"),
            Event(7080, 7287, "Thanksgiving"),
            Event(8423, 8630, "Christmas"),
            Event(8731, 8938, "New Year"),
            Event(9977, 10184, "a snow storm stops the city"),
        ),
    ),
    Dataset(
        "ambient_temperature",
        "series",
        7_267,
        1,
        "the temperature in an office, every hour with gaps, July 2013 to May 2014",
        _NAB,
        "NAB",
        MIT,
        events=(
            Event(3540, 3903, "the system fails"),
            Event(5999, 6362, "the system fails"),
        ),
    ),
    Dataset(
        "machine_temperature",
        "series",
        22_683,
        1,
        "a temperature inside a large industrial machine, every 5 minutes, December 2013 to "
        "February 2014",
        f"{_NAB}; of 12 moments that were there twice the first line is kept",
        "NAB",
        MIT,
        events=(
            Event(2126, 2693, "a short fall without a known cause"),
            Event(3703, 4270, "the machine is shut down on purpose"),
            Event(16045, 16612, "hard to see: the beginning of the failure that follows"),
            Event(19220, 19787, "the machine fails"),
        ),
    ),
    Dataset(
        "cpu_utilization",
        "series",
        18_050,
        1,
        "the load of a server's processor in percent, every 5 minutes, May to July 2014",
        _NAB,
        "NAB",
        MIT,
        events=(Event(16551, 18050, "a group of servers is configured wrongly"),),
    ),
    Dataset(
        "co2",
        "series",
        2_284,
        1,
        "carbon dioxide in the air of Mauna Loa (ppmv), every week, March 1958 to December 2001; "
        "59 weeks are missing; a trend and a yearly season",
        "Keeling and Whorf (2004), as statsmodels ships it; dates written out",
        "statsmodels",
        PUBLIC,
    ),
    Dataset(
        "nile",
        "series",
        100,
        1,
        "the flow of the Nile at Aswan (10^8 m^3), every year, 1871 to 1970; the level falls "
        "near 1898",
        "Cobb (1978), as statsmodels ships it; years written as dates",
        "statsmodels",
        PUBLIC,
        events=(Event(28, 100, "a lower level"),),
    ),
    Dataset(
        "airline",
        "series",
        144,
        1,
        "passengers of airlines (thousands), every month, 1949 to 1960; the season grows with "
        "the level",
        "Box and Jenkins (1976), series G, as aeon ships it; months written as dates",
        "aeon",
        BSD_3,
    ),
)
_TABLES = (
    Dataset(
        "breast_cancer",
        "table",
        569,
        30,
        "measures of cell nuclei in images of breast tissue, benign or malignant (212)",
        "Wolberg, Street and Mangasarian (1995), Breast Cancer Wisconsin (Diagnostic), UCI machine "
        "learning repository, as scikit-learn ships it; classes written out",
        "UCI",
        CC_BY,
        label="diagnosis",
    ),
    Dataset(
        "thyroid",
        "table",
        7_200,
        6,
        "laboratory values of patients; 534 whose thyroid works too much or too little are the "
        "anomalies (1)",
        "Quinlan, Thyroid Disease, UCI machine learning repository, as ADBench ships it; columns "
        "named",
        "ADBench",
        BSD_2,
        label="anomaly",
    ),
    Dataset(
        "mushroom",
        "table",
        8_124,
        22,
        "properties of mushrooms in letters, edible (e) or poisonous (p); as numbers, each "
        "letter is its share of the rows; 2,480 stalk roots are missing (?)",
        "Mushroom (1981), UCI machine learning repository; a header line added",
        "UCI",
        CC_BY,
        label="class",
        categories=True,
    ),
)
_COLLECTIONS = (
    Dataset(
        "arrow_head",
        "collection",
        211,
        1,
        "outlines of arrow heads as series of 251 points; three kinds, told apart by their notch",
        f"{_UCR}; Ye and Keogh (2009)",
        "aeon",
        BSD_3,
        splits={"train": 36, "test": 175},
        label="class",
    ),
    Dataset(
        "gun_point",
        "collection",
        200,
        1,
        "the hand of an actor who draws a gun or only points, 150 points; two classes",
        f"{_UCR}; Ratanamahatana and Keogh (2005)",
        "aeon",
        BSD_3,
        splits={"train": 50, "test": 150},
        label="class",
    ),
    Dataset(
        "italy_power_demand",
        "collection",
        1_096,
        1,
        "the demand for power in Italy over a day of 24 hours; winter or summer",
        f"{_UCR}; Keogh, Wei, Xi and others (2006)",
        "aeon",
        BSD_3,
        splits={"train": 67, "test": 1029},
        label="class",
    ),
    Dataset(
        "basic_motions",
        "collection",
        80,
        6,
        "accelerometer and gyroscope of a watch, 100 points in 10 seconds; standing, walking, "
        "running or badminton",
        "UEA time series archive, in the copy that aeon and sktime ship; Clements (2017)",
        "aeon",
        BSD_3,
        splits={"train": 40, "test": 40},
        label="class",
    ),
    Dataset(
        "japanese_vowels",
        "collection",
        640,
        12,
        "two vowels spoken by nine men, 12 coefficients over 7 to 29 points; which of the men",
        "UEA time series archive, in the copy that aeon and sktime ship; Kudo, Toyama and "
        "Shimbo (1999)",
        "aeon",
        BSD_3,
        splits={"train": 270, "test": 370},
        label="class",
    ),
    Dataset(
        "covid_deaths",
        "collection",
        201,
        1,
        "daily cases of COVID-19 in a country over 84 days; its death rate on 1 April 2020, a "
        "number",
        "Monash time series regression archive (Covid3Month), in the copy that aeon and sktime "
        "ship; World Health Organization",
        "aeon",
        BSD_3,
        splits={"train": 140, "test": 61},
        label="target",
    ),
)

ENTRIES = {entry.name: entry for entry in (*_SERIES, *_TABLES, *_COLLECTIONS)}
