"""What the checks find in installations that are whole, lack something, or are broken."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from pydantic import SecretStr

from sonde.errors import InvalidInput, Unavailable
from sonde.installation import Finding, examine, is_fine
from sonde.installation import packages as packages_of
from sonde.installation.folders import home, kernel_cache, signing_key, why_unwritable
from sonde.installation.in_force import in_force, shown
from sonde.installation.machine import core_limit, memory, memory_limit_mb
from sonde.installation.packages import (
    base_packages,
    compared,
    extras,
    is_installed,
    python,
    requirements,
)
from sonde.kernels import warm as kernels
from sonde.kernels._folders import Folders
from sonde.security import Keyring
from sonde.settings import LimitSettings, LogSettings, Settings, fields, variable


def only(findings: list[Finding]) -> Finding:
    (finding,) = findings
    return finding


def test_every_base_package_is_looked_at() -> None:
    declared = {r.name for r in requirements() if "extra" not in str(r.marker)}
    assert {"numpy", "polars", "packaging"} <= declared
    assert {finding.name for finding in base_packages()} == {"sonde", *declared}
    assert is_fine(base_packages())


def test_a_version_below_the_bound_is_wrong_and_a_missing_one_absent() -> None:
    assert compared(Requirement("numpy>=99"))[0] == "wrong"
    assert ", needs >=99" in compared(Requirement("numpy>=99"))[1]
    assert compared(Requirement("no-such-library"))[0] == "absent"
    assert compared(Requirement("numpy>=2"))[0] == "fine"


@pytest.mark.parametrize(
    ("requirement", "state", "remedy"),
    [
        ("numpy>=99", "wrong", "pip install --upgrade 'sonde[arrow]'"),
        ("no-such-library>=1", "absent", "pip install 'sonde[arrow]'"),
        ("numpy>=2", "fine", ""),
    ],
)
def test_an_extra_says_the_command_that_installs_it(
    requirement: str, state: str, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = [Requirement(f"{requirement}; extra == 'arrow'"), Requirement("rich>=1")]
    monkeypatch.setattr(packages_of, "requirements", lambda: wanted)
    (arrow,) = [finding for finding in extras() if finding.name == "arrow"]
    assert (arrow.state, arrow.remedy) == (state, remedy)
    assert arrow.found.startswith(Requirement(requirement).name)
    assert "rich" not in arrow.found


def test_a_missing_base_package_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages_of, "requirements", lambda: [Requirement("no-such-library>=2")])
    missing = base_packages()[1]
    assert (missing.state, missing.remedy) == ("wrong", "pip install 'no-such-library>=2'")


def test_python_says_what_was_tested() -> None:
    assert python("3.11.7")[0].found == "3.11.7"
    assert python("3.13.1")[0].found == "3.13.1 (tested: 3.11)"
    assert python("3.10.2")[0].state == "wrong"


def test_a_home_that_is_a_file_is_wrong(tmp_path: Path) -> None:
    broken = tmp_path / "home"
    broken.write_text("no folder")
    found = only(home(Settings(home=broken)))
    assert found.state == "wrong"
    assert "is no folder" in found.found
    assert "SONDE_HOME" in found.remedy
    assert only(home(Settings(home=broken / "below"))).state == "wrong"


def test_a_home_that_is_not_there_is_fine_and_is_not_made(tmp_path: Path) -> None:
    found = only(home(Settings(home=tmp_path / "a" / "b")))
    assert found.state == "fine"
    assert "made at first need" in found.found
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_left_as_it_was(tmp_path: Path) -> None:
    assert why_unwritable(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="needs a folder that takes no files")
def test_a_read_only_folder_is_wrong() -> None:
    # Permissions do not stop root; /proc takes files from nobody.
    found = only(kernel_cache(Folders(Path("/proc/self"))))
    assert (found.state, found.name) == ("wrong", "compiled kernels")
    assert "can't be written" in found.found
    assert found.remedy


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_wrong(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "can't be written" in (why_unwritable(tmp_path) or "")
    assert "can't be made" in (why_unwritable(tmp_path / "below") or "")


def test_the_kernel_cache_is_cold_then_warm(tmp_path: Path) -> None:
    folders = Folders(tmp_path)
    names = kernels.families()
    assert only(kernel_cache(folders)).found.startswith(f"{len(names)} of {len(names)} families c")
    for name in names:
        mark = kernels._mark(tmp_path, name)
        mark.parent.mkdir()
        mark.touch()
    assert only(kernel_cache(folders)).found.startswith(f"warm, all {len(names)} families")


def test_a_cache_for_one_run_only_is_wrong() -> None:
    with tempfile.TemporaryDirectory(prefix="sonde-") as folder:
        found = only(kernel_cache(Folders(Path(folder) / "kernels-0", is_lasting=False)))
    assert (found.state, found.remedy[:4]) == ("wrong", "make")


def test_a_signing_key_is_there_when_it_was_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert "none yet" in only(signing_key(settings)).found
    Keyring(tmp_path / "keys").sign(b"model")
    assert only(signing_key(settings)) == Finding(
        "folders", "signing key", "fine", str(tmp_path / "keys" / "signing.key")
    )


@pytest.mark.skipif(os.name != "posix", reason="permissions of files")
def test_a_signing_key_that_others_can_read_is_wrong(tmp_path: Path) -> None:
    Keyring(tmp_path / "keys").sign(b"model")
    (tmp_path / "keys" / "signing.key").chmod(0o644)
    found = only(signing_key(Settings(home=tmp_path)))
    assert found.state == "wrong"
    assert found.remedy.startswith("chmod 600")


def test_a_damaged_signing_key_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "signing.key").write_text("not a key")
    settings = Settings(home=tmp_path)
    found = only(examine(lambda: settings, [], [signing_key]))
    assert found.state == "wrong"
    assert "is not a signing key" in found.found


def test_a_containers_limits_are_read(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("268435456\n")
    (tmp_path / "cpu.max").write_text("150000 100000\n")
    assert (memory_limit_mb(tmp_path), core_limit(tmp_path)) == (256, 1.5)
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\n")
    found = only(memory(tmp_path, meminfo))
    assert found.state == "wrong"
    assert found.found == "256 MB (a limit of the container), 256 MB free"
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "cpu.max").write_text("max 100000\n")
    assert (memory_limit_mb(tmp_path), core_limit(tmp_path)) == (None, None)
    assert only(memory(tmp_path, meminfo)).found == "8,192 MB, 4,096 MB free"


def test_limits_of_older_containers_are_read(tmp_path: Path) -> None:
    (tmp_path / "memory").mkdir()
    (tmp_path / "cpu").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("1073741824\n")
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("50000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert (memory_limit_mb(tmp_path), core_limit(tmp_path)) == (1024, 0.5)
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("9223372036854771712\n")
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    assert (memory_limit_mb(tmp_path), core_limit(tmp_path)) == (None, None)


def test_settings_say_which_were_set(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, limits=LimitSettings(rows=10), log=LogSettings(level="info"))
    told = {f.name: f.found for f in in_force(settings)}
    assert told["SONDE_HOME"] == str(tmp_path)
    assert told["SONDE_MAX_MODEL_MB"] == "4096 (default)"
    assert told["SONDE_LIMITS__ROWS"] == "10"
    assert told["SONDE_LIMITS__COLUMNS"] == "10000 (default)"
    assert told["SONDE_LOG__LEVEL"] == "info"
    assert told["SONDE_SOURCES__FOLDERS"] == "none (default)"
    assert told["SONDE_DATABASE__URL"] == "not set (default)"


def test_every_setting_is_listed(tmp_path: Path) -> None:
    listed = [finding.name for finding in in_force(Settings(home=tmp_path))]
    assert listed == [variable(*path) for path, _ in fields()]
    assert len(listed) > 50


def test_no_secret_is_shown_wherever_it_stands(tmp_path: Path) -> None:
    given: dict[str, Any] = {
        "database": {"url": "postgresql://app:hunter2@db/sonde?password=hunter2"},
        "redis": {"url": "redis://:hunter2@host/0"},
        "keys": {"first": "hunter2", "pepper": "hunter2://x:y@z"},
        "blobs": {"url": "s3://key:hunter2@bucket"},
        "traces": {"endpoint": "http://me:hunter2@collector/v1/traces"},
    }
    settings = Settings(home=tmp_path, **given)
    told = {f.name: f.found for f in in_force(settings)}
    assert not [name for name, found in told.items() if "hunter2" in found]
    assert told["SONDE_DATABASE__URL"].startswith("postgresql://app:•••@db/sonde?")
    assert told["SONDE_REDIS__URL"] == "redis://:•••@host/0"
    assert (told["SONDE_KEYS__FIRST"], told["SONDE_KEYS__PEPPER"]) == ("•••", "•••")


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("keys", "pepper"), SecretStr("abc"), "•••"),
        (("redis", "url"), SecretStr("redis://:abc@host/0"), "redis://:•••@host/0"),
        (("rates", "per_key"), "600/minute", "600/minute"),
        (("keys", "first"), None, "not set"),
        (("sources", "hosts"), ("a", "http://u:abc@b"), "a, http://u:•••@b"),
        (("server", "trusted_proxies"), "", "none"),
    ],
)
def test_a_setting_is_shown_without_its_secret(
    path: tuple[str, ...], value: object, told: str
) -> None:
    assert shown(path, value) == told


def test_an_extra_made_of_extras_needs_all_of_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = [
        Requirement("sonde[client,registry]; extra == 'serve'"),
        Requirement("rich>=1; extra == 'serve'"),
        Requirement("numpy>=2; extra == 'registry'"),
        Requirement("no-such-library; extra == 'client'"),
    ]
    monkeypatch.setattr(packages_of, "requirements", lambda: wanted)
    given = FakeMetadata(["serve", "registry", "client"])
    monkeypatch.setattr("importlib.metadata.metadata", lambda _: given)
    found = {finding.name: finding for finding in extras()}
    assert found["serve"].state == "absent"
    assert found["serve"].found.startswith("no-such-library is not installed, numpy 2")
    assert found["registry"].state == "fine"
    assert (is_installed("registry"), is_installed("serve")) == (True, False)


class FakeMetadata:
    def __init__(self, extras: list[str]) -> None:
        self.extras = extras

    def get_all(self, name: str) -> list[str]:
        assert name == "Provides-Extra"
        return self.extras


def test_a_check_that_breaks_is_a_finding_and_hides_no_other(tmp_path: Path) -> None:
    def server() -> list[Finding]:
        raise ZeroDivisionError("by zero")

    def database(settings: Settings) -> list[Finding]:
        raise Unavailable(f"no database in {settings.home}")

    found = examine(lambda: Settings(home=tmp_path), [server, python], [database, home])
    assert [finding.name for finding in found] == [
        "server",
        "python",
        "system",
        "database",
        "data folder",
    ]
    assert [finding.state for finding in found] == ["wrong", "fine", "fine", "wrong", "fine"]
    assert "ZeroDivisionError: by zero" in found[0].found
    assert not is_fine(found)


def test_settings_that_are_refused_leave_the_other_checks_standing() -> None:
    def refuse() -> Settings:
        raise InvalidInput("setting SONDE_MAX_MODEL_MB: should be a number")

    found = examine(refuse, [python])
    assert [finding.name for finding in found] == ["python", "system", "settings"]
    assert found[-1].state == "wrong"
    assert "SONDE_MAX_MODEL_MB" in found[-1].found


def test_every_fault_has_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("no folder")
    found = examine(lambda: Settings(home=tmp_path / "home"))
    assert not is_fine(found)
    assert all(finding.remedy for finding in found if finding.state != "fine")
