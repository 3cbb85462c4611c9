"""The vocabulary of Moonshine: token ids to text, and the spelling of each token."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from common.errors import ModelError

#: SentencePiece writes a space as this character.
SPACE = "\u2581"

#: Ids 3 to 258 stand for single bytes and spell letters a second time; only ids from here on are
#: what the model was trained to write.
FIRST_PIECE = 259

_TWO_BYTE_LENGTH = 128


class Vocabulary:
    """The tokens of a `tokenizer.bin`.

    The file is a sequence of tokens: the length of each, then its bytes in UTF-8. A length of 128 or more
    takes two bytes, a and b, and is (a - 128) + 128 * b.

    Args:
        path: the file.

    Raises:
        ModelError: `model.damaged` if the file is cut short.
    """

    def __init__(self, path: Path) -> None:
        self._bytes = _read(path)
        #: Spelling of each id, with `SPACE` for spaces; "" where the bytes are not text.
        self.pieces: tuple[str, ...] = tuple(
            token.decode("utf-8", "ignore") if id_ >= FIRST_PIECE else ""
            for id_, token in enumerate(self._bytes)
        )
        ids: dict[str, int] = {}
        for id_, piece in enumerate(self.pieces):
            if piece and not is_control(piece):
                ids.setdefault(piece, id_)
        #: The id of each spelling.
        self.ids: Mapping[str, int] = ids
        self._longest = max((len(piece) for piece in ids), default=0)

    def __len__(self) -> int:
        return len(self._bytes)

    def text(self, tokens: Iterable[int]) -> str:
        """The text of a sequence of token ids, stripped; control tokens and unknown ids are left out."""
        spelled = b"".join(self._spell(token) for token in tokens)
        return spelled.decode("utf-8", "ignore").replace(SPACE, " ").strip()

    def _spell(self, token: int) -> bytes:
        if not 0 <= token < len(self._bytes):
            return b""
        raw = self._bytes[token]
        if len(raw) == len(b"<0x00>") and raw.startswith(b"<0x"):
            return bytes([int(raw[3:5], 16)])
        return b"" if is_control(raw.decode("utf-8", "ignore")) else raw

    def fewest(self, spelling: str) -> tuple[int, ...]:
        """The segmentation of a spelling into the fewest tokens; () if there is none."""
        best: list[tuple[int, ...] | None] = [()] + [None] * len(spelling)
        for start in range(len(spelling)):
            prefix = best[start]
            if prefix is None:
                continue
            for end in range(start + 1, min(len(spelling), start + self._longest) + 1):
                token = self.ids.get(spelling[start:end])
                known = best[end]
                if token is not None and (known is None or len(prefix) + 1 < len(known)):
                    best[end] = (*prefix, token)
        return best[-1] or ()


def is_control(piece: str) -> bool:
    """Whether a piece is a mark such as `</s>` rather than text."""
    return len(piece) > 2 and piece.startswith("<") and piece.endswith(">")


def _read(path: Path) -> tuple[bytes, ...]:
    data = path.read_bytes()
    tokens = []
    place = 0
    while place < len(data):
        length = data[place]
        place += 1
        if length >= _TWO_BYTE_LENGTH:
            length = length - _TWO_BYTE_LENGTH + _TWO_BYTE_LENGTH * data[place]
            place += 1
        if place + length > len(data):
            raise ModelError(
                f"the tokenizer file {path} is cut short",
                hint="Run `make setup` to fetch the models again.",
                code="model.damaged",
            )
        tokens.append(data[place : place + length])
        place += length
    return tuple(tokens)
