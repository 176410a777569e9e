from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sonde.core import ModelRef
from sonde.errors import Conflict, InvalidInput, NotFitted, NotFound, TooLarge, Unavailable
from sonde.learn import create
from sonde.registry import Registry
from sonde.storage.tables import events, versions
from tests.registry.conftest import Make, a_model


def test_a_version_says_what_the_model_says(registry: Registry) -> None:
    model = a_model()
    record = registry.register(
        "pump",
        model,
        description="Pumps of the north",
        tags={"site": "north"},
        label="first-try",
        metrics={"auroc": 0.9},
        lineage={"data_rows": 60},
        by="ann",
        parent="old:3",
    )
    assert (record.version, record.label, str(record)) == (1, "first-try", "pump:1")
    assert (record.task, record.output_kind, record.estimator) == ("detect", "detection", "hbos")
    assert record.parameters == model.get_params()
    assert record.schema == model.schema_.to_dict()
    assert (record.metrics, record.lineage) == ({"auroc": 0.9}, {"data_rows": 60})
    assert (record.tags, record.parent, record.created_by) == ({"site": "north"}, "old:3", "ann")
    assert record.signature_key == registry.keyring.sign(b"").public_key
    assert registry.version("pump") == record
    assert record.created_at.endswith("Z")
    shown = registry.model("pump")
    assert (shown.description, shown.latest, shown.n_versions) == ("Pumps of the north", 1, 1)


def test_a_loaded_model_gives_the_same_scores_to_the_bit(registry: Registry) -> None:
    model = a_model()
    loaded = registry.load(registry.register("pump", model))
    rows = [[0.1, 0.2], [9.0, -3.0]]
    assert isinstance(loaded, type(model))
    assert loaded.anomaly_scores(rows).tobytes() == model.anomaly_scores(rows).tobytes()


def test_numbers_are_never_used_again(registry: Registry) -> None:
    for _ in range(3):
        registry.register("pump", a_model())
    registry.delete_version("pump", 3)
    assert registry.register("pump", a_model()).version == 4
    registry.delete_model("pump")
    assert registry.register("pump", a_model()).version == 5
    assert registry.register("other", a_model()).version == 1


def test_versions_are_found_by_number_label_alias_and_name_alone(registry: Registry) -> None:
    for label in ("one", None, "three"):
        registry.register("pump", a_model(), label=label)
    registry.set_alias("pump", "champion", 1)

    def number(version: str | None = None, alias: str | None = None) -> int:
        found = registry.version("pump", version, alias).version
        ref = ModelRef("pump", version, alias)
        assert registry.pointed_at([ref])[ref].number == found  # the poll keeps to the same rules
        return found

    assert number("2") == number("02") == 2
    assert number("three") == number("latest") == number(alias="latest") == 3
    assert number() == number(alias="champion") == 1
    registry.drop_alias("pump", "champion")
    assert number() == 3


def test_what_is_not_there_is_told_with_what_is(registry: Registry) -> None:
    registry.register("pump", a_model())
    registry.set_alias("pump", "champion", 1)
    with pytest.raises(NotFound, match="no model called 'pmp'; did you mean 'pump'"):
        registry.version("pmp")
    with pytest.raises(NotFound, match="pump has no version '7'; the latest is 1"):
        registry.version("pump", "7")
    with pytest.raises(NotFound, match="pump has no version '9999999999999999999999'"):
        registry.version("pump", "9" * 22)
    with pytest.raises(NotFound, match="pump has no alias 'rival'; there are: champion → 1"):
        registry.version("pump", alias="rival")
    with pytest.raises(NotFound, match="no model called 'pipe'"):
        registry.versions("pipe")
    with pytest.raises(InvalidInput, match="a version or an alias, not both"):
        registry.version("pump", "1", "champion")
    missing = [ModelRef("pmp"), ModelRef("pump", "7"), ModelRef("pump", alias="rival")]
    assert registry.pointed_at(missing) == {}


def test_an_alias_moves_and_a_version_it_points_at_stays(registry: Registry) -> None:
    registry.register("pump", a_model(0))
    registry.register("pump", a_model(1), label="v2")
    registry.set_alias("pump", "champion", 1, by="ann")
    assert registry.set_alias("pump", "champion", "v2").version == 2
    assert registry.model("pump").aliases == {"champion": 2}
    with pytest.raises(Conflict, match="pump:2 can't be deleted: the alias 'champion'"):
        registry.delete_version("pump", 2)
    registry.delete_version("pump", "1")
    with pytest.raises(NotFound):
        registry.set_alias("pump", "champion", 1)
    registry.drop_alias("pump", "champion")
    registry.delete_version("pump", 2)
    with pytest.raises(NotFound, match="every version of pump was deleted"):
        registry.version("pump")
    assert registry.model("pump").latest is None


def test_every_change_leaves_an_event_and_a_refused_one_none(registry: Registry) -> None:
    registry.register("pump", a_model(), by="ann", label="x")
    registry.set_alias("pump", "champion", 1, by="bob")
    registry.set_tags("pump", 1, {"a": "b"})
    registry.set_tags("pump", None, {"c": "d"})
    registry.describe("pump", "text")
    registry.drop_alias("pump", "champion")
    registry.delete_version("pump", 1)
    registry.delete_model("pump", by="eve")
    registry.register("other", a_model())
    refused: list[Callable[[], Any]] = [
        lambda: registry.set_alias("pump", "champion", 1),
        lambda: registry.drop_alias("other", "champion"),
        lambda: registry.set_tags("pump", None, {}),
        lambda: registry.describe("pump", ""),
        lambda: registry.delete_version("other", 2),
        lambda: registry.delete_model("pump"),
    ]
    for change in refused:
        with pytest.raises(NotFound):
            change()
    found = registry.events("pump").items
    assert [event.action.removeprefix("model.") for event in found] == [
        "deleted",
        "version_deleted",
        "alias_dropped",
        "described",
        "tagged",
        "tagged",
        "alias_set",
        "registered",
    ]
    assert [found[0].actor, found[-2].actor, found[-1].actor] == ["eve", "bob", "ann"]
    assert found[-2].details == {"alias": "champion", "version": 1, "was": None}
    assert len(registry.events().items) == 9


def test_a_change_and_its_event_are_one(registry: Registry) -> None:
    """Where the event can't be written nothing has changed, and the number is not lost either."""
    registry.register("pump", a_model())
    with registry.database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE events RENAME TO elsewhere"))
    with pytest.raises(Unavailable):
        registry.register("pump", a_model())
    with pytest.raises(Unavailable):
        registry.describe("pump", "text")
    with registry.database.engine.begin() as connection:
        connection.execute(sa.text("ALTER TABLE elsewhere RENAME TO events"))
    assert registry.model("pump").n_versions == 1
    assert registry.model("pump").description is None
    assert registry.register("pump", a_model()).version == 2


def test_pages_give_everything_once(registry: Registry) -> None:
    names = ["B", "a-1", "a.1", "a_1", "pump", "pump-2", "tank"]
    for name in names:
        registry.register(name, a_model())
    for _ in range(4):
        registry.register("tank", a_model())

    def gathered(ask: Callable[..., Any], **how: Any) -> list[Any]:
        found, after = [], None
        while True:
            page = ask(limit=2, after=after, **how)
            assert 1 <= len(page.items) <= 2
            found += page.items
            after = page.next
            if after is None:
                return found

    assert [model.name for model in gathered(registry.models)] == names
    assert [model.name for model in gathered(registry.models, prefix="a_")] == ["a_1"]
    assert [model.name for model in gathered(registry.models, prefix="pump")] == ["pump", "pump-2"]
    assert [v.version for v in gathered(registry.versions, name="tank")] == [5, 4, 3, 2, 1]
    assert [e.details["version"] for e in gathered(registry.events, name="tank")] == [5, 4, 3, 2, 1]
    assert registry.models(prefix="nothing").items == []
    assert registry.models(task="classify").items == []
    assert len(registry.models(task="detect", limit=7).items) == 7
    assert registry.models(limit=7).next is None


@pytest.mark.parametrize("after", ["", "nonsense", "bW9kZWxzOng", "é", "dmVyc2lvbnM6eA"])
def test_a_cursor_that_is_none_of_ours_is_refused(registry_at: Make, after: str) -> None:
    registry = registry_at()
    registry.register("pump", a_model())
    with pytest.raises(InvalidInput, match="after must be the 'next' of an earlier page"):
        registry.versions("pump", after=after)
    with pytest.raises(InvalidInput, match="limit must be 1 to 1,000"):
        registry.versions("pump", limit=0)


def test_models_are_found_by_tag(registry: Registry) -> None:
    for name, tags in {
        "a": {"site": "north", "on/off": "x"},
        "b": {"site": "south's"},
        "c": {},
    }.items():
        registry.register(name, a_model())
        registry.set_tags(name, None, tags)

    def found(tag: str) -> list[str]:
        return [model.name for model in registry.models(tag=tag).items]

    assert found("site") == ["a", "b"]
    assert found("site=south's") == ["b"]
    assert found("on/off=x") == ["a"]
    assert found("site=") == found("other") == found('si"te') == found("site=north'--") == []


def test_tags_and_descriptions_are_replaced(registry: Registry) -> None:
    registry.register("pump", a_model(), description="one")
    registry.register("pump", a_model())
    assert registry.model("pump").description == "one"
    registry.register("pump", a_model(), description="two")
    assert registry.model("pump").description == "two"
    registry.set_tags("pump", 1, {"a": "1", "b": "2"})
    registry.set_tags("pump", "1", {"b": "3"})
    assert registry.version("pump", "1").tags == {"b": "3"}
    assert registry.version("pump", "2").tags == registry.model("pump").tags == {}


BAD = {
    "name": ["", "-a", "a b", "a/b", "é", "a" * 129, "x.sonde", "a\n", "../a"],
    "label": ["12", "latest", "a b", "", "١٢"],  # the last are digits too, of another script
}


@pytest.mark.parametrize("name", BAD["name"])
def test_names_that_could_be_mistaken_are_refused(registry_at: Make, name: str) -> None:
    with pytest.raises(InvalidInput, match="a model's name"):
        registry_at().register(name, a_model())


@pytest.mark.parametrize("label", BAD["label"])
def test_labels_and_aliases_that_could_be_mistaken_are_refused(
    registry_at: Make, label: str
) -> None:
    registry = registry_at()
    with pytest.raises(InvalidInput, match="a label is"):
        registry.register("pump", a_model(), label=label)
    registry.register("pump", a_model())
    with pytest.raises(InvalidInput, match="an alias is"):
        registry.set_alias("pump", label, 1)


def test_a_label_is_given_once(registry: Registry) -> None:
    registry.register("pump", a_model(), label="x")
    with pytest.raises(Conflict, match="labelled 'x' already, number 1"):
        registry.register("pump", a_model(), label="x")
    registry.register("tank", a_model(), label="x")
    registry.delete_version("pump", "x")
    assert registry.register("pump", a_model(), label="x").version == 2


@pytest.mark.parametrize(
    "told",
    [
        {"metrics": {"a": float("nan")}},
        {"metrics": {"a": object()}},
        {"lineage": {"a": "\ud800"}},
        {"lineage": {"a": "x" * 1_000_001}},
        {"tags": {"a b": "c"}},
        {"tags": {"a": 1}},
        {"tags": {"a": "\0"}},
        {"tags": {str(i): "" for i in range(65)}},
        {"description": "x" * 10_001},
        {"description": "\0"},
        {"by": "\ud800"},
    ],
)
def test_what_no_database_could_keep_is_refused(registry_at: Make, told: dict[str, Any]) -> None:
    registry = registry_at()
    with pytest.raises(InvalidInput):
        registry.register("pump", a_model(), **told)
    assert registry.models().items == []


def test_text_of_any_script_comes_back(registry: Registry) -> None:
    text = "Größe ≤ 3 – 測試 🚰 \\u0000 \" ' % :x"
    record = registry.register(
        "pump", a_model(), description=text, tags={"a": text}, lineage={text: [text, 1e300, None]}
    )
    assert record.tags == {"a": text}
    assert registry.version("pump").lineage == {text: [text, 1e300, None]}
    assert registry.model("pump").description == text


def test_only_fitted_detectors_are_kept(registry_at: Make) -> None:
    registry = registry_at()
    with pytest.raises(NotFitted):
        registry.register("pump", create("hbos"))
    with pytest.raises(InvalidInput, match="robust_scaler is no detector"):
        registry.register("pump", create("robust_scaler").fit([[1.0, 2.0], [2.0, 3.0]]))
    small = Registry(registry.database, registry.blobs, registry.keyring, max_bytes=100)
    with pytest.raises(TooLarge, match="SONDE_MAX_MODEL_MB"):
        small.register("pump", a_model())


def test_bytes_stay_while_another_version_shares_them(registry: Registry) -> None:
    data = registry.bytes_of(registry.register("pump", a_model()))
    assert registry.register_bytes("tank", data).digest == registry.version("pump").digest
    registry.delete_version("pump", 1)
    assert registry.bytes_of(registry.version("tank")) == data
    digest = registry.version("tank").digest
    registry.delete_model("tank")
    assert not registry.blobs.exists(digest)


def test_a_sweep_takes_only_what_nobody_names_and_is_old(registry: Registry) -> None:
    kept = registry.register("pump", a_model())
    orphan = registry.blobs.put(b"of a process that died")
    assert registry.sweep(3600) == 0
    assert registry.blobs.exists(orphan)
    assert registry.sweep(-5) == 1
    assert not registry.blobs.exists(orphan)
    registry.verify(kept)


def test_a_version_comes_from_and_goes_to_files(registry: Registry, tmp_path: Path) -> None:
    record = registry.register("pump", a_model())
    registry.export(record, tmp_path / "pump.sonde")
    data = (tmp_path / "pump.sonde").read_bytes()
    assert data == registry.bytes_of(record)
    again = registry.register_bytes("copy", data, parent=str(record))
    assert (again.digest, again.parent) == (record.digest, "pump:1")
    with pytest.raises(InvalidInput, match="can't be written"):
        registry.export(record, tmp_path / "no" / "pump.sonde")


def test_models_live_in_s3_too(registry_at: Make, s3_url: str) -> None:
    registry = registry_at(blobs=s3_url)
    record = registry.register("pump", a_model())
    registry.verify(record)
    registry.delete_model("pump")
    assert not registry.blobs.exists(record.digest)


def test_rows_of_the_tables_hold_plain_values(registry: Registry) -> None:
    """What another program reads from the database needs no Python."""
    registry.register("pump", a_model(), metrics={"auroc": 0.5})
    with registry.database.read() as connection:
        row = connection.execute(sa.select(versions)).one()
        event = connection.execute(sa.select(events)).one()
    assert row.metrics == {"auroc": 0.5}
    assert type(row.created_at) is int
    assert event.details["digest"] == row.digest
