"""Problems of the set-up file in words: spoken, and in a file beside it."""

from __future__ import annotations

from collections.abc import Sequence

from common.digits import digits_one_by_one
from services.provision.config import Problem

#: More mistakes than that are not named one by one: nobody remembers them.
_MAX_SPOKEN = 3


def spoken_problems(spoken: Sequence[str]) -> str:
    """What the box says about a set-up file with these mistakes; empty where there are none."""
    if not spoken:
        return ""
    count = digits_one_by_one(str(len(spoken))) if len(spoken) < 10 else str(len(spoken))
    several = list(dict.fromkeys(spoken))
    said, rest = several[:_MAX_SPOKEN], len(several) > _MAX_SPOKEN
    what = _listed([*said, "some more"] if rest else said)
    return (
        f"The set-up file has {count} mistake{'s' if len(spoken) > 1 else ''}: {what}. "
        "The file sotto-problems.txt beside it says what to do."
    )


def _listed(parts: Sequence[str]) -> str:
    """a; b; and c."""
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"


def written_problems(problems: Sequence[Problem], remarks: Sequence[str]) -> str:
    """The content of `sotto-problems.txt`; "" if there is nothing to report.

    Lines end as on Windows, where the file is often opened.
    """
    lines = []
    if problems:
        lines += [
            "Sotto could not use all of sotto.toml. What is good in it holds;",
            "what is named here stayed as it was before.",
            "",
        ]
    for number, problem in enumerate(problems, 1):
        lines += [f"{number}. {problem.message}.", f"   What to do: {problem.hint}", ""]
    lines += [f"Please note: {remark}" for remark in remarks]
    return "".join(f"{line}\r\n" for line in lines)
