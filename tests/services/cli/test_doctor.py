"""`sotto doctor` without a daemon reads the files itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from services.cli.doctor import check_files
from services.cli.main import main


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setenv("SOTTO_CONFIG", str(folder))
    monkeypatch.setenv("SOTTO_SOCKET", str(tmp_path / "nobody.sock"))
    monkeypatch.setattr("services.cli.doctor.POWER_PROFILES", folder / "power.d")
    return folder


def test_without_faults_it_says_so_and_ends_with_0(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    assert "all is well" in capsys.readouterr().out


def test_each_file_is_read(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("assistant", "gateway", "connector"):
        (config / f"{name}.toml").write_text("colour = 1\n")
    (config / "power.d").mkdir()
    (config / "power.d" / "night.toml").write_text("turbo = true\n")
    assert main(["doctor"]) == 2
    out = capsys.readouterr().out
    for file in ("assistant.toml", "gateway.toml", "connector.toml", "power.d/night.toml"):
        assert f"{config}/{file}" in out
    for line in ("to do:", "until then:", "no assistant is running", "[settings.unknown]", "[power.profile]"):
        assert line in out


def test_the_home_is_read_where_there_is_no_hub(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config / "home.toml").write_text("colour = 1\n")
    assert main(["doctor"]) == 2
    assert "home.unknown" in capsys.readouterr().out
    (config / "connector.toml").write_text('kind = "mqtt"\nurl = "mqtt://192.0.2.1"\n')
    assert main(["doctor"]) == 0


def test_sentences_are_read(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config / "sentences").mkdir()
    (config / "sentences" / "tea.yaml").write_text("language: en\nintents: 2001-99-99\n")
    assert main(["doctor"]) == 2
    assert "tea.yaml" in capsys.readouterr().out


def test_a_secret_that_cannot_be_used_is_told(config: Path) -> None:
    (config / "connector.toml").write_text('kind = "mqtt"\nurl = "mqtt://192.0.2.1"\nsecret_file = "none"\n')
    faults, _ = check_files(None, trust_daemon=False)
    assert [fault.code for fault in faults] == ["connector.secret"]


def test_json_has_every_field(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config / "assistant.toml").write_text("colour = 1\n")
    assert main(["doctor", "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    (fault,) = told["faults"]
    assert (fault["file"], fault["key"], fault["in_file_now"]) == ("assistant.toml", "colour", True)
    assert told["assistant_answers"] is False
