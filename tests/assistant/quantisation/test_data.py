"""Data to calibrate and judge with: what is read, and what is refused with which reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from assistant.models.moonshine_shape import padded_length
from assistant.quantisation import calibration
from assistant.quantisation.calibration import InputForm, forms_of, read_data
from assistant.quantisation.safetensors import read_floats
from assistant.quantisation.sentences import Labelled, read_sentences
from assistant.quantisation.tasks import loss
from assistant.quantisation.wordpiece import WordPiece, read_vocabulary
from common.errors import InvalidInput, ModelError, NotFound, TooLarge
from tests.assistant.quantisation.small_models import classifier

_TOKENS = (InputForm("tokens", np.dtype(np.int64), (None,)),)
_TEXT = tuple(InputForm(name, np.dtype(np.int64), (None, None)) for name in ("input_ids", "attention_mask"))
_PIECES = ("[UNK]", "[CLS]", "[SEP]", "turn", "on", "light", "##s", "buro", "!", "東")
_VOCABULARY = {name: number for number, name in enumerate(_PIECES)}


def test_the_inputs_of_a_model() -> None:
    assert forms_of(classifier()) == _TOKENS


def test_stacked_arrays_with_labels(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    np.savez(path, tokens=np.arange(12, dtype=np.int32).reshape(3, 4), label=[2, 0, 1], other=np.zeros(3))
    data = read_data(path, _TOKENS)
    assert [list(feed) for feed in data.feeds] == [["tokens"]] * 3
    assert data.feeds[1]["tokens"].tolist() == [4, 5, 6, 7]
    assert data.feeds[1]["tokens"].dtype == np.int64
    assert data.labels == ("2", "0", "1")


def test_a_folder_of_arrays_is_one_example_a_file(tmp_path: Path) -> None:
    for number, length in enumerate((3, 5)):
        np.savez(tmp_path / f"{number}.npz", tokens=np.ones(length, np.int64))
    assert [len(feed["tokens"]) for feed in read_data(tmp_path, _TOKENS).feeds] == [3, 5]


def test_a_folder_of_sound_gets_the_length_that_the_encoder_takes(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.tile([0.5, -0.5], 8000), 16000)
    form = (InputForm("audio", np.dtype(np.float32), (1, None)),)
    (feed,) = read_data(tmp_path, form).feeds
    assert feed["audio"].shape == (1, padded_length(16000))
    assert abs(float(feed["audio"][0, 8000]) - 0.5) < 0.01
    assert not feed["audio"][0, 16000:].any()


def test_text_becomes_tokens(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Turn on lights!\n\n  bürö 東\n")
    feeds = read_data(tmp_path / "a.txt", _TEXT, WordPiece(_VOCABULARY)).feeds
    assert feeds[0]["input_ids"].tolist() == [[1, 3, 4, 5, 6, 8, 2]]
    assert feeds[1]["input_ids"].tolist() == [[1, 7, 9, 2]]
    assert feeds[1]["attention_mask"].tolist() == [[1, 1, 1, 1]]


def test_words_without_known_pieces_are_unknown_and_long_texts_are_cut() -> None:
    tokeniser = WordPiece(_VOCABULARY)
    assert tokeniser.tokens("lightx on").tolist() == [1, 0, 4, 2]
    assert len(tokeniser.tokens("on " * 1000)) == 256


@pytest.mark.parametrize(
    ("arrays", "code"),
    [
        ({"words": np.zeros((2, 3), np.int64)}, "quantise.feed"),
        ({"tokens": np.zeros((2, 3, 4), np.int64)}, "quantise.feed"),
        ({"tokens": np.zeros((2, 3), np.float32)}, "quantise.feed"),
        ({"tokens": np.zeros((2, 3), np.int64), "label": np.zeros(5)}, "quantise.data"),
        ({"tokens": np.int64(3)}, "quantise.data"),
        ({"tokens": np.array([None, None], dtype=object)}, "quantise.data"),
    ],
)
def test_arrays_that_do_not_fit(arrays: dict[str, np.ndarray], code: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "data.npz", **arrays)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as caught:
        read_data(tmp_path / "data.npz", _TOKENS)
    assert caught.value.code == code


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut", b"text"])
def test_damaged_data(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "data.npz").write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        read_data(tmp_path / "data.npz", _TOKENS)
    assert caught.value.code == "quantise.data"


def test_no_data(tmp_path: Path) -> None:
    np.savez(tmp_path / "none.npz", tokens=np.zeros((0, 3), np.int64))
    (tmp_path / "folder").mkdir()
    for name in ("none.npz", "folder", "absent.npz"):
        with pytest.raises(NotFound) as caught:
            read_data(tmp_path / name, _TOKENS)
        assert caught.value.code == "quantise.no-data"


def test_too_much_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez_compressed(tmp_path / "data.npz", tokens=np.zeros((5, 1000), np.int64))
    monkeypatch.setattr(calibration, "MOST_FEEDS", 4)
    with pytest.raises(TooLarge):
        read_data(tmp_path / "data.npz", _TOKENS)
    monkeypatch.setattr(calibration, "MOST_FEEDS", 10)
    # What it unpacks to counts, not what lies on the disk.
    monkeypatch.setattr(calibration, "MOST_BYTES", 30_000)
    with pytest.raises(TooLarge):
        read_data(tmp_path / "data.npz", _TOKENS)


def test_text_needs_a_vocabulary_and_a_model_of_tokens(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("turn on\n")
    for forms, tokeniser in ((_TEXT, None), (_TOKENS, WordPiece(_VOCABULARY))):
        with pytest.raises(InvalidInput) as caught:
            read_data(tmp_path / "a.txt", forms, tokeniser)
        assert caught.value.code == "quantise.text"


@pytest.mark.parametrize("content", [b"", b"a\nb\n", b"\xff\xfe"])
def test_a_vocabulary_that_is_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "vocab.txt").write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        read_vocabulary(tmp_path / "vocab.txt")
    assert caught.value.code == "quantise.vocabulary"


def test_sentences_of_one_file_are_parted(tmp_path: Path) -> None:
    lines = [{"sentence": f"{label} {n}", "intent": label} for n in range(4) for label in ("a", "b")]
    lines.append({"sentence": "rare", "intent": "c"})
    (tmp_path / "s.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    found = read_sentences(tmp_path / "s.jsonl", shots=2, queries=1)
    assert [each.text for each in found.shots] == ["a 0", "a 1", "b 0", "b 1"]
    assert [each.text for each in found.queries] == ["a 2", "b 2"]


def test_sentences_as_clinc150_has_them(tmp_path: Path) -> None:
    table = {
        "train": [["move money", "transfer"], ["send money", "transfer"], ["new timer", "timer"]],
        "test": [["set a timer", "timer"], ["transfer a dollar", "transfer"]],
        "val": [], "oos_test": [["king of acid", "oos"]],
    }  # fmt: skip
    (tmp_path / "data.json").write_text(json.dumps(table))
    found = read_sentences(tmp_path / "data.json", shots=1)
    assert found.shots == (Labelled("move money", "transfer"), Labelled("new timer", "timer"))
    assert set(found.queries) == {Labelled("set a timer", "timer"), Labelled("transfer a dollar", "transfer")}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.jsonl", "{}"),
        ("a.jsonl", "[1]"),
        ("a.jsonl", '{"sentence": 1, "intent": "a"}'),
        ("a.jsonl", '{"sentence": "x", "intent": "a"}'),
        ("a.json", "{}"),
        ("a.json", '{"train": [["a"]], "test": []}'),
        ("a.json", "[" * 100_000),
    ],
)
def test_sentences_that_are_none(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(InvalidInput) as caught:
        read_sentences(tmp_path / name)
    assert caught.value.code == "quantise.labels"


def test_weights_in_safetensors(tmp_path: Path) -> None:
    header = json.dumps(
        {
            "__metadata__": {"format": "pt"},
            "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "b": {"dtype": "F16", "shape": [1, 2], "data_offsets": [8, 12]},
            "c": {"dtype": "I64", "shape": [1], "data_offsets": [12, 20]},
        }
    ).encode()
    body = np.array([1, 2], "<f4").tobytes() + np.array([3, 4], "<f2").tobytes() + bytes(8)
    path = tmp_path / "w.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + body)
    found = read_floats(path)
    assert {name: value.tolist() for name, value in found.items()} == {"a": [1, 2], "b": [[3, 4]]}
    for damaged in (b"", body, (1 << 60).to_bytes(8, "little"), path.read_bytes()[:-10], b"\0" * 9):
        path.write_bytes(damaged)
        with pytest.raises(ModelError) as caught:
            read_floats(path)
        assert caught.value.code == "quantise.damaged"


def test_a_loss_is_told_with_its_interval() -> None:
    given, variant = np.array([1, 1, 0, 1.0] * 25), np.array([1, 0, 1, 1.0] * 25)
    found = loss(given, variant)
    assert (found.score, found.points, found.worse, found.better, found.count) == (75.0, 0.0, 25, 25, 100)
    assert 13.0 < found.interval < 15.0
    assert loss(given, given).interval == 0.0
