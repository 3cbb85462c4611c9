"""Roman numerals and abbreviations."""

from __future__ import annotations

import re

from assistant.speech.number_words import cardinal, ordinal
from assistant.speech.spoken_rules.rule import Rule, names

#: Abbreviation, with its point -> its words. Case matters: "no." ends a sentence.
_ABBREVIATIONS = {
    "Dr.": "doctor",
    "Mr.": "mister",
    "Mrs.": "missus",
    "Ms.": "miz",
    "Prof.": "professor",
    "Jr.": "junior",
    "Sr.": "senior",
    "Gen.": "general",
    "Capt.": "captain",
    "Lt.": "lieutenant",
    "Sgt.": "sergeant",
    "Col.": "colonel",
    "Rev.": "reverend",
    "Gov.": "governor",
    "Sen.": "senator",
    "Rep.": "representative",
    "Pres.": "president",
    "Mt.": "mount",
    "Ft.": "fort",
    "Ave.": "avenue",
    "Blvd.": "boulevard",
    "Rd.": "road",
    "Hwy.": "highway",
    "Apt.": "apartment",
    "Dept.": "department",
    "Inc.": "incorporated",
    "Ltd.": "limited",
    "Corp.": "corporation",
    "Co.": "company",
    "Bros.": "brothers",
    "Vol.": "volume",
    "Fig.": "figure",
    "vs.": "versus",
    "vs": "versus",
    "etc.": "et cetera",
    "e.g.": "for example",
    "i.e.": "that is",
    "approx.": "approximately",
    "a.k.a.": "also known as",
    "w/o": "without",
    "w/": "with",
    "min.": "minimum",
    "max.": "maximum",
    "temp.": "temperature",
    "Mon.": "Monday",
    "Tue.": "Tuesday",
    "Tues.": "Tuesday",
    "Wed.": "Wednesday",
    "Thu.": "Thursday",
    "Thurs.": "Thursday",
    "Fri.": "Friday",
}
#: What follows these is a number of a series: "World War II" is "two".
_SERIES = (
    "War|Chapter|Part|Act|Scene|Volume|Vol\\.|Book|Section|Phase|Type|Level|Class|Bowl|Appendix|Stage|Grade|Mark"
    "|Article|Title|Episode|Season|Player|Round|Step|Unit|Figure|Table|Group|Category|Version|Fantasy"
)
#: Names that rulers and popes share: "Henry VIII" is "the eighth".
_RULERS = (
    "Henry|Louis|Elizabeth|George|Edward|Richard|Charles|William|James|John|Paul|Pius|Benedict|Leo|Clement"
    "|Gregory|Innocent|Urban|Alexander|Catherine|Nicholas|Ivan|Peter|Philip|Felipe|Ferdinand|Frederick|Otto"
    "|Conrad|Ramses|Ramesses|Ptolemy|Thutmose|Amenhotep|Mary|Margaret|Christian|Gustav|Haakon|Harald|Olav"
    "|Napoleon|Franz Joseph|Friedrich|Wilhelm|Ludwig|Maximilian|Rudolf|Leopold|Albert|Juan Carlos|Alfonso"
    "|Pedro|Carlos|Darius|Xerxes|Mehmed|Selim|Murad|Theodosius|Constantine|Justinian|Stephen|Sigismund"
)
#: Up to 89. A letter alone is a numeral only behind a word of these lists: "Vitamin C" is none.
_ROMAN = r"(?:L?X{0,3}|XL)(?:IX|IV|V?I{0,3})"
_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}


def _value(numeral: str) -> int:
    values = [_VALUES[letter] for letter in numeral]
    following = [*values[1:], 0]
    return sum(-value if value < after else value for value, after in zip(values, following, strict=True))


def _ruler(match: re.Match[str]) -> str:
    return f"{match['name']} the {ordinal(_value(match['numeral']))}"


def _series(match: re.Match[str]) -> str:
    return f"{match['name']} {cardinal(str(_value(match['numeral'])))}"


def _abbreviation(match: re.Match[str]) -> str:
    # A point that ends the sentence as well stays one.
    words, rest = _ABBREVIATIONS[match[1]], match.string[match.end() :]
    ends = match[1].endswith(".") and (
        not rest.strip() or re.match(r"\s+[A-Z][a-z]+ (?:is|was|has|are|were)\b", rest)
    )
    return f"{words}." if ends and match[1] in _AT_THE_END else words


#: Those that may be the last word of a sentence.
_AT_THE_END = frozenset(
    ("Jr.", "Sr.", "Inc.", "Ltd.", "Corp.", "Co.", "Bros.", "etc.", "Ave.", "Blvd.", "Rd.")
)


def _saint(match: re.Match[str]) -> str:
    return "saint "


def _street(match: re.Match[str]) -> str:
    return f"{match[1]} street"


def _number(match: re.Match[str]) -> str:
    return f" number {match[1]}"


def _spelled(match: re.Match[str]) -> str:
    """ "U.S." -> "U S"; a point that ends the sentence as well stays."""
    letters = " ".join(re.findall("[A-Z]", match[0]))
    return f"{letters}." if not match.string[match.end() :].strip() else letters


RULES: tuple[Rule, ...] = (
    (re.compile(rf"\b(?P<name>{_RULERS}) (?=[IVXL])(?P<numeral>{_ROMAN})(?![\w'\u2019])"), _ruler),
    (re.compile(rf"\b(?P<name>{_SERIES}) (?=[IVXL])(?P<numeral>{_ROMAN})(?![\w'\u2019])"), _series),
    # Behind any other capitalised word, if it has two letters or more: "Rocky IV".
    (
        re.compile(rf"\b(?P<name>[A-Z][a-z]+) (?=[IVX]{{2}})(?!XL\b)(?P<numeral>{_ROMAN})(?![\w'\u2019])"),
        _series,
    ),
    (re.compile(r"(?<!\w)(?:#\s?|No\. ?|Nr\. ?)(\d{1,9}(?![\d\w]))"), _number),
    (re.compile(r"\bSt\.? (?=[A-Z][a-z])"), _saint),
    (re.compile(r"(\b[A-Z]\w+) St\.?(?![\w])"), _street),
    (re.compile(rf"(?<![\w.])(?<!\d )({names(_ABBREVIATIONS)})(?!\w)"), _abbreviation),
    (re.compile(r"(?<![\w.])(?:[A-Z]\.){2,6}"), _spelled),
)
