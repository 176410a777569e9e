"""What `sonde doctor` finds of the parts of a service: real ones, whole, missing and broken."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sonde.installation import Finding, examine, is_fine, service_parts
from sonde.installation.service_parts import SERVICE_CHECKS
from sonde.security import Keyring
from sonde.security.key_text import new_key_text
from sonde.security.keys import Keys
from sonde.security.secret_files import pepper_of
from sonde.settings import Settings
from sonde.storage import open_database
from sonde.storage.migrate import upgrade
from tests.servers import free_port


def found(home: Path, **groups: Any) -> dict[str, Finding]:
    settings = Settings(**{"home": home, **groups})
    findings = examine(lambda: settings, [], SERVICE_CHECKS)
    assert all(finding.remedy for finding in findings if finding.state != "fine")
    assert all(finding.group == "service" for finding in findings)
    names = [finding.name for finding in findings]
    assert len(set(names)) == len(names)
    return {finding.name: finding for finding in findings}


def states(findings: Mapping[str, Finding]) -> dict[str, str]:
    return {name: finding.state for name, finding in findings.items()}


def test_a_fresh_home_can_serve_and_nothing_is_made(tmp_path: Path) -> None:
    home = tmp_path / "home"
    got = found(home)
    assert states(got) == {
        "sonde serve": "fine",
        "database": "fine",
        "models": "fine",
        "pepper": "fine",
        "keys": "absent",
    }
    for name in ("database", "models", "pepper"):
        assert "made at first need" in got[name].found
    assert "sonde keys create" in got["keys"].remedy
    assert not home.exists()


def test_without_the_extra_there_is_one_line_that_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_parts, "is_installed", lambda extra: False)
    got = found(tmp_path, redis={"url": "redis://127.0.0.1:1/0"})
    assert states(got) == {"sonde serve": "absent"}
    assert got["sonde serve"].remedy == "pip install 'sonde[serve]'"
    assert is_fine(got.values())


def test_a_service_that_ran_is_fine(tmp_path: Path) -> None:
    database = open_database(None, tmp_path)
    upgrade(database)
    keys = Keys(database, pepper_of(None, tmp_path))
    keys.create("one", ["admin"])
    keys.revoke(keys.create("two", ["read"])[1].id)
    keys.close()
    database.close()
    (tmp_path / "blobs").mkdir()
    got = found(tmp_path)
    assert set(states(got).values()) == {"fine"}
    assert ", tables 0" in got["database"].found
    assert got["keys"].found == "1 in use"
    assert "takes a probe" in got["models"].found
    assert list((tmp_path / "blobs").iterdir()) == []
    assert got["pepper"].found == str(tmp_path / "keys" / "pepper")


def test_keys_that_all_ended_are_wrong(tmp_path: Path) -> None:
    database = open_database(None, tmp_path)
    upgrade(database)
    keys = Keys(database, pepper_of(None, tmp_path))
    assert found(tmp_path)["keys"].found == "none yet"
    keys.revoke(keys.create("two", ["read"])[1].id)
    told = found(tmp_path)["keys"]
    assert told.state == "wrong"
    assert "answers nobody" in told.found
    keys.close()
    database.close()


def test_a_first_key_from_the_settings_counts_where_it_is_one(tmp_path: Path) -> None:
    text = new_key_text().text
    got = found(tmp_path, keys={"first": text})
    assert (got["keys"].state, text in got["keys"].found) == ("fine", False)
    got = found(tmp_path, keys={"first": text[:-1]})
    assert got["keys"].state == "wrong"
    assert text[12:-1] not in got["keys"].found
    assert "sonde keys create --print-only" in got["keys"].found


def test_tables_of_sqlite_are_brought_up_by_the_service_unless_told_not_to(tmp_path: Path) -> None:
    (tmp_path / "sonde.db").touch()
    assert "when the service starts" in found(tmp_path)["database"].found
    told = found(tmp_path, database={"upgrade": False})["database"]
    assert (told.state, told.remedy) == ("wrong", "sonde db upgrade")


def test_tables_of_postgresql_wait_for_a_person(tmp_path: Path, postgres_url: str) -> None:
    told = found(tmp_path, database={"url": postgres_url})
    assert (told["database"].state, told["database"].remedy) == ("wrong", "sonde db upgrade")
    assert "made yet" in told["database"].found
    assert "SONDE_KEYS__PEPPER" in told["pepper"].found
    assert found(tmp_path, database={"url": postgres_url, "upgrade": True})["database"].state == (
        "fine"
    )
    database = open_database(postgres_url, tmp_path)
    upgrade(database)
    database.close()
    told = found(tmp_path, database={"url": postgres_url})
    assert (told["database"].state, told["keys"].state) == ("fine", "absent")


def test_tables_of_a_newer_program_are_wrong(tmp_path: Path) -> None:
    database = open_database(None, tmp_path)
    upgrade(database)
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE sonde_version SET version_num = '9999'")
    database.close()
    told = found(tmp_path)
    assert told["database"].state == "wrong"
    assert "newer Sonde" in told["database"].found
    assert "keys" not in told, "nobody can tell"


def test_a_database_that_is_away_is_told_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://app:hunter2@127.0.0.1:{free_port()}/sonde"
    told = found(tmp_path, database={"url": url, "timeout_s": 1})
    assert told["database"].state == "wrong"
    assert "can't be reached" in told["database"].found
    assert not [f for f in told.values() if "hunter2" in f.found + f.remedy]
    assert "keys" not in told


def test_a_database_that_is_none_is_wrong(tmp_path: Path) -> None:
    told = found(tmp_path, database={"url": "mongodb://x:hunter2@y"})["database"]
    assert told.state == "wrong"
    assert "hunter2" not in told.found


def test_a_place_for_models_that_takes_nothing_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for url in (tmp_path / "file", tmp_path / "file" / "below"):
        told = found(tmp_path / "home", blobs={"url": str(url)})["models"]
        assert told.state == "wrong"
    assert found(tmp_path, blobs={"url": "ftp://host/x"})["models"].state == "wrong"


def test_a_bucket_is_written_to_and_read(tmp_path: Path, s3_url: str) -> None:
    told = found(tmp_path, blobs={"url": f"{s3_url}/models"})["models"]
    assert told.state == "fine"
    told = found(tmp_path, blobs={"url": "s3://no-such-bucket-here/models"})["models"]
    assert told.state == "wrong"


def test_redis_answers_or_is_wrong(tmp_path: Path, redis_url: str) -> None:
    assert found(tmp_path, redis={"url": redis_url, "timeout_s": 5})["Redis"].state == "fine"
    away = f"redis://:hunter2@127.0.0.1:{free_port()}/0"
    told = found(tmp_path, redis={"url": away})["Redis"]
    assert told.state == "wrong"
    assert "redis://:•••@127.0.0.1" in told.found
    assert found(tmp_path, redis={"url": "nonsense"})["Redis"].state == "wrong"


@pytest.mark.skipif(os.name != "posix", reason="permissions of files")
def test_secrets_that_others_can_read_are_wrong(tmp_path: Path) -> None:
    pepper_of(None, tmp_path)
    Keyring(tmp_path / "keys", "hmac").sign(b"model")
    signing = {"signing": "hmac"}
    got = found(tmp_path, registry=signing)
    assert (got["pepper"].state, got["signing secret"].state) == ("fine", "fine")
    for name, file in (("pepper", "pepper"), ("signing secret", "signing.secret")):
        path = tmp_path / "keys" / file
        path.chmod(0o640)
        told = found(tmp_path, registry=signing)[name]
        assert (told.state, told.remedy) == ("wrong", f"chmod 600 {path}")
        path.chmod(0o600)
        path.write_text("damaged")
        assert found(tmp_path, registry=signing)[name].state == "wrong"


def test_a_pepper_from_the_settings_is_looked_at(tmp_path: Path) -> None:
    assert found(tmp_path, keys={"pepper": "0123456789abcdef"})["pepper"].state == "fine"
    told = found(tmp_path, keys={"pepper": "hunter2"})["pepper"]
    assert told.state == "wrong"
    assert "hunter2" not in told.found


def test_traces_need_their_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endpoint = {"endpoint": "http://me:hunter2@collector:4318/v1/traces"}
    told = found(tmp_path, traces=endpoint)["traces"]
    assert (told.state, told.found) == ("fine", "go to http://me:•••@collector:4318/v1/traces")
    monkeypatch.setattr(service_parts, "is_installed", lambda extra: extra == "serve")
    told = found(tmp_path, traces=endpoint)["traces"]
    assert told.state == "wrong"
    assert "sonde[traces]" in told.remedy
