"""Settings of speech that another machine recognises, on both sides."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.errors import InvalidInput
from common.settings_file import between
from common.toml_file import shown

#: When the remote recogniser is used: while it is faster, or whenever it answers, to spare this machine.
USES = ("faster", "always")


@dataclass(frozen=True)
class RemoteSettings:
    """When a paired machine recognises speech instead of this one.

    Attributes:
        on: whether there is one. True by itself where there is a `remote.toml`.
        use: "faster": while it is clearly faster than this machine; "always": whenever it answers.

    Raises:
        InvalidInput: `settings.remote` for another `use`.
    """

    on: bool = False
    use: str = USES[0]

    def __post_init__(self) -> None:
        if self.use not in USES:
            raise InvalidInput(
                f"[remote]: use = {shown(self.use)} is none of {', '.join(USES)}",
                hint="set it to one of them",
                code="settings.remote",
            )


@dataclass(frozen=True)
class LendSettings:
    """What this machine does for other boxes.

    Attributes:
        boxes: how many may use its recogniser at once; 0 for none. `sotto serve` makes it 8 where it is 0.
        grammar_size: characters of the names and sentences of all of their grammars together; a grammar takes
            up to about 3 kB of memory for each.
    """

    boxes: int = field(default=0, metadata=between(0, 64))
    grammar_size: int = field(default=200_000, metadata=between(10_000, 100_000_000))
