from __future__ import annotations

from pathlib import Path

from assistant.speech.frequent_replies import FrequentReplies


def test_what_is_said_often_comes_first_and_survives(tmp_path: Path) -> None:
    path = tmp_path / "replies.json"
    replies = FrequentReplies(path, ("Sorry.",), most=2)
    for text in ["Off."] * 3 + ["On."] * 5 + ["Half."] * 2 + ["It is noon."]:
        replies.count(text)
    assert replies.likeliest() == ["On.", "Off.", "Sorry."]
    assert FrequentReplies(path, ("Sorry.",), most=2).likeliest() == ["On.", "Off.", "Sorry."]


def test_old_habits_fade(tmp_path: Path) -> None:
    replies = FrequentReplies(tmp_path / "replies.json", (), most=5)
    for _ in range(400):
        replies.count("Old.")
    for _ in range(1_000):
        replies.count("New.")
    assert replies.likeliest()[0] == "New."


def test_a_damaged_file_costs_the_counts_only(tmp_path: Path) -> None:
    path = tmp_path / "replies.json"
    path.write_text('{"version": 1, "replies": 7}')
    assert FrequentReplies(path, ("Sorry.",), most=5).likeliest() == ["Sorry."]
    assert path.with_name("replies.json.damaged").exists()
