"""Settings: every fault is named by its key path, and no secret is repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.settings import Settings, load_settings
from core.settings import SettingsError

WECHATY = '[channels.wechaty]\nendpoint = "127.0.0.1:8788"\ntoken = '


def load(folder: Path, document: str, **environment: str) -> Settings:
    path = folder / "config.toml"
    path.write_text(document, encoding="utf-8")
    return load_settings(path, environment)


def faults(folder: Path, document: str, **environment: str) -> dict[str, str]:
    with pytest.raises(SettingsError) as caught:
        load(folder, document, **environment)
    assert str(folder / "config.toml") in str(caught.value)
    for path, said in caught.value.faults:
        assert f"  {path}: {said}" in str(caught.value)
    return dict(caught.value.faults)


def test_nothing_is_a_whole_configuration(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Settings()


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("colour = 1", "colour"),
        ("[pacing]\nper_hour = 3", "pacing.per_hour"),
        ('[[groups.rooms]]\ntopic = "a"\ncolour = "b"', "groups.rooms[0].colour"),
        ("[recommender.quiet_hours]\nbegin = 22:00:00", "recommender.quiet_hours.begin"),
    ],
)
def test_an_unknown_key_names_its_path(tmp_path: Path, document: str, path: str) -> None:
    found = faults(tmp_path, document)
    assert set(found) == {path}
    assert "unknown key" in found[path]


def test_wrong_types_and_values_are_all_named_at_once(tmp_path: Path) -> None:
    pacing = '[pacing]\nper_minute = "many"\nbetween_groups = [8, 3]'
    found = faults(tmp_path, f'timezone = "Mars/Olympus"\n{pacing}\n[groups]\ndefault_level = 7\n')
    assert set(found) >= {"timezone", "pacing.per_minute", "pacing.between_groups", "groups.default_level"}
    assert "Asia/Shanghai" in found["timezone"]
    assert "shorter time first" in found["pacing.between_groups"]


@pytest.mark.parametrize("document", ["= 1", "a = ", "[x", 'a = "\ufffe', "\x00"])
def test_broken_toml_is_named(tmp_path: Path, document: str) -> None:
    assert "not valid TOML" in faults(tmp_path, document)["(file)"]


def test_a_file_that_is_no_utf_8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(path, {})


@pytest.mark.parametrize("name", ["nothing.toml", "."])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path / name, {})


def test_a_literal_secret_is_refused_and_not_repeated(tmp_path: Path) -> None:
    found = faults(tmp_path, WECHATY + '"insecure_hunter2"')
    assert set(found) == {"channels.wechaty.token"}
    assert "env:" in found["channels.wechaty.token"]
    assert "hunter2" not in str(found)


def test_a_missing_environment_variable_is_named(tmp_path: Path) -> None:
    for environment in ({}, {"TOKEN": ""}):
        assert "TOKEN" in faults(tmp_path, WECHATY + '"env:TOKEN"', **environment)["channels.wechaty.token"]


def test_secrets_come_from_environment_or_file_and_are_not_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("insecure_hunter2\n", encoding="utf-8")
    for reference in ("env:TOKEN", "file:token"):
        settings = load(tmp_path, f'{WECHATY}"{reference}"', TOKEN="insecure_hunter2")
        assert settings.channels.wechaty is not None
        assert settings.channels.wechaty.token.get_secret_value() == "insecure_hunter2"
        assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()}"


def test_a_secret_file_that_cannot_be_read_or_is_too_long(tmp_path: Path) -> None:
    assert "cannot be read" in faults(tmp_path, WECHATY + '"file:none"')["channels.wechaty.token"]
    (tmp_path / "big").write_bytes(b"x" * 65_537)
    assert "larger than 64 kB" in faults(tmp_path, WECHATY + '"file:big"')["channels.wechaty.token"]


def test_the_environment_replaces_single_keys(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        '[database]\nurl = "sqlite:///a.db"\n[channels.local]\nport = 1',
        QIANQUN__DATABASE__URL="sqlite:///b.db",
        QIANQUN__CHANNELS__LOCAL__PORT="0",
        QIANQUN__PACING__ENABLED="false",
        OTHER="x",
    )
    assert settings.database.url == "sqlite:///b.db"
    assert settings.channels.local is not None
    assert settings.channels.local.port == 0
    assert settings.pacing.enabled is False


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    assert set(faults(tmp_path, "", QIANQUN__PACING__SPEED="1")) == {"pacing.speed"}
    assert set(faults(tmp_path, "", QIANQUN__TIMEZONE__X="1", QIANQUN__TIMEZONE="Asia/Shanghai"))


def test_paths_count_from_the_settings_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "etc"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    settings = load(folder, '[catalog]\nalias_files = ["words.toml"]')
    assert settings.catalog.alias_files == (folder / "words.toml",)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        setattr(load(tmp_path, ""), "timezone", "UTC")  # noqa: B010 - a type checker refuses the plain form


def test_one_time_zone_for_everything(tmp_path: Path) -> None:
    assert str(load(tmp_path, 'timezone = "Asia/Tokyo"').scheduler.zone) == "Asia/Tokyo"
    both = load(tmp_path, 'timezone = "Asia/Tokyo"\n[scheduler]\ntimezone = "UTC"')
    assert (str(both.zone), str(both.scheduler.zone)) == ("Asia/Tokyo", "UTC")


def test_a_wrong_time_zone_is_named_once(tmp_path: Path) -> None:
    assert set(faults(tmp_path, 'timezone = "Mars/Olympus"')) == {"timezone"}
