"""The vocabulary, its trie, and the lexicon."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.models.moonshine_shape import VOCABULARY
from assistant.speech.lexicon import lexicon_tokens, lexicon_weights
from assistant.speech.tokens import SPACE, Vocabulary, is_control
from assistant.speech.vocabulary_trie import VocabularyTrie
from common.errors import ModelError


def write(path: Path, tokens: list[bytes]) -> Path:
    data = b""
    for token in tokens:
        size = len(token)
        data += bytes([size] if size < 128 else [size % 128 + 128, size // 128]) + token
    path.write_bytes(data)
    return path


def test_has_the_size_of_the_model(vocabulary: Vocabulary) -> None:
    assert len(vocabulary) == VOCABULARY


def test_text_is_spelled_back(vocabulary: Vocabulary) -> None:
    tokens = vocabulary.fewest(f"{SPACE}turn{SPACE}on{SPACE}the{SPACE}light")
    assert vocabulary.text(tokens) == "turn on the light"


def test_byte_tokens_join_to_characters(tmp_path: Path) -> None:
    path = write(tmp_path / "t.bin", [b"<unk>", b"<s>", b"</s>", b"<0xC2>", b"<0xB0>"])
    assert Vocabulary(path).text([1, 3, 4, 2]) == "\u00b0"


def test_control_tokens_are_not_spelled(vocabulary: Vocabulary) -> None:
    assert vocabulary.text([0, 1, 2]) == ""


def test_ids_outside_the_vocabulary_are_ignored(vocabulary: Vocabulary) -> None:
    assert vocabulary.text([-1, VOCABULARY + 5]) == ""


def test_long_tokens_take_two_length_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "t.bin", [b"a", b"x" * 300, b"b"])
    assert len(Vocabulary(path)) == 3


def test_cut_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.bin"
    path.write_bytes(b"\x05abc")
    with pytest.raises(ModelError) as caught:
        Vocabulary(path)
    assert caught.value.code == "model.damaged"


def test_single_letters_use_trained_ids(vocabulary: Vocabulary) -> None:
    assert all(token >= 259 for token in vocabulary.fewest("qzx"))


def test_unspellable_text_has_no_segmentation(vocabulary: Vocabulary) -> None:
    assert vocabulary.fewest("\u2603\u2603") == ()


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz'", min_size=1, max_size=12))
def test_segmentation_spells_the_word(vocabulary: Vocabulary, word: str) -> None:
    assert vocabulary.text(vocabulary.fewest(SPACE + word)) == word


def test_trie_holds_each_written_token_once(vocabulary: Vocabulary) -> None:
    trie = VocabularyTrie(vocabulary)
    spelled: dict[int, str] = {}
    waiting = [(trie.root, "")]
    while waiting:
        node, way = waiting.pop()
        for token in trie.tokens(node):
            assert token not in spelled
            spelled[token] = way
        waiting += [(child, way + trie.char(child)) for child in trie.children(node)]
    for token, way in spelled.items():
        assert vocabulary.pieces[token].lower().replace(SPACE, " ").replace("-", " ") == way
    ordinary = [
        token
        for token, piece in enumerate(vocabulary.pieces)
        if piece.lstrip(SPACE).isascii() and piece.lstrip(SPACE).isalnum() and not is_control(piece)
    ]
    assert set(ordinary) <= set(spelled)


def test_lexicon_spells_its_words_in_both_cases(vocabulary: Vocabulary) -> None:
    tokens = set(lexicon_tokens(["kitchen"], vocabulary).tolist())
    for spelling in (f"{SPACE}kitchen", f"{SPACE}Kitchen", "kitchen"):
        assert set(vocabulary.fewest(spelling)) <= tokens


def test_lexicon_always_has_digits(vocabulary: Vocabulary) -> None:
    tokens = set(lexicon_tokens([], vocabulary).tolist())
    assert {vocabulary.ids[digit] for digit in "0123456789"} <= tokens


def test_lexicon_weights_mark_the_tokens(vocabulary: Vocabulary) -> None:
    weights = lexicon_weights(["light"], vocabulary, VOCABULARY)
    assert weights.shape == (VOCABULARY,)
    assert weights.nonzero()[0].tolist() == lexicon_tokens(["light"], vocabulary).tolist()
