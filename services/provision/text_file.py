"""From the bytes of the set-up file to its tables. It recognises the usual mistakes of text editors."""

from __future__ import annotations

import re
from typing import Any

from common.toml_file import parse_toml
from services.provision.checks import Wrong

LIMIT_BYTES = 64 * 1024
_CURLY = "\u201c\u201d\u201e\u201f\u2018\u2019\u201a\u00ab\u00bb"
_QUOTES = "replace them by straight ones (\" or '); a plain text editor such as Notepad or nano writes those"


def table_from(data: bytes) -> dict[str, Any]:
    """The tables of a TOML file.

    A byte order mark and the line ends of Windows are accepted.

    Raises:
        Wrong: too large, not UTF-8, or not TOML; the message names the line, never its content.
    """
    if len(data) > LIMIT_BYTES:
        raise Wrong(
            "the set-up file is far too large",
            f"the file has more than {LIMIT_BYTES // 1024} kB",
            "it is a few lines of plain text; is it the right file?",
        )
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Wrong(
            "the set-up file is not plain text",
            "the file was saved as UTF-16",
            'save it again with the encoding "UTF-8"',
        )
    if b"\0" in data:
        raise Wrong(
            "the set-up file is not plain text",
            "the file is no plain text, or was damaged",
            'write it anew with a plain text editor, with the encoding "UTF-8"',
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Wrong(
            "the set-up file is not plain text",
            f"line {line}: a character is not UTF-8",
            'save the file again as plain text with the encoding "UTF-8", not as a document',
        ) from None
    # Old Macs ended lines with a carriage return alone; some editors still do.
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        return parse_toml(text)
    except ValueError as error:
        raise _explained(text, error) from None


def _explained(text: str, error: Exception) -> Wrong:
    """A syntax error with what the owner can do about it."""
    found = re.search(r"at line (\d+)|at end of document", str(error))
    lines = text.rstrip().split("\n")
    number = min(int(found[1]), len(lines)) if found and found[1] else len(lines)
    line = lines[number - 1]
    where = f"line {number}" if found else "near the end of the file"
    key = re.match(r"\s*([A-Za-z_][\w-]{0,30})\s*=", line)
    if key:
        where += f" ({key[1]})"
    reason = str(error)
    if any(quote in line.partition("=")[2][:80] or quote in line[:2] for quote in _CURLY):
        what, hint = "the quotation marks are curly ones, as word processors make them", _QUOTES
    elif "Cannot overwrite" in reason or "twice" in reason or "Cannot declare" in reason:
        what, hint = "this is said twice in the file", "keep one of the two"
    elif "escape" in reason or "Unescaped" in reason or "hex value" in reason:
        what = "a backslash has a meaning of its own between double quotes"
        hint = "put the value between single quotes: key = 'value'"
    elif key and not re.match(r"""["'\[{\d+-]|true|false""", line.partition("=")[2].strip()):
        what, hint = "text must stand between quotation marks", f'write {key[1]} = "..."'
    elif line.count('"') % 2 or line.count("'") % 2:
        what, hint = "a quotation mark is missing", 'text stands between two: key = "value"'
    elif line.strip() and "=" not in line and not line.strip().startswith(("[", "#")):
        what, hint = "this is no setting", 'a setting is key = "value"; a remark begins with #'
    else:
        what, hint = "this is not valid TOML", "compare it with sotto.toml.example"
    spoken = f"line {number} of the set-up file cannot be read" if found else "the set-up file cannot be read"
    return Wrong(spoken, f"{where}: {what}", hint)
