"""A language is added by its files alone; plurals, numbers and names of days are those of CLDR."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant.skills import clock, common_lines, phrases, timer_words, timers
from assistant.skills.contract import Reply, Request
from assistant.skills.discovery import build_skills
from assistant.skills.language import load_language
from assistant.understanding.names import HomeNames
from assistant.understanding.sentences import build_grammar
from tests.assistant.skills.english import context

MODULES = (clock, common_lines, phrases, timer_words, timers)
NOW = datetime(2026, 11, 22, 16, 35, tzinfo=UTC)

COMMON = """
language: de
replies:
  not_understood: Das habe ich nicht verstanden.
  failed: Da ist etwas schiefgegangen.
  skill_failed: Das hat leider nicht geklappt.
  sorry: "Leider nicht: {message}."
  not_saved: Das konnte ich aber nicht speichern.
  nothing_said: Ich habe noch nichts gesagt.
  nothing_asked: Ich habe nichts gefragt.
  no_length_asked: Ich habe nach keiner Zeit gefragt.
  declined: Gut, dann nicht.
  hub_silent: Die Zentrale antwortet nicht.
  hub_gone: Die Zentrale ist weg.
  hub_failed: Die Zentrale kann das nicht.
  list: "{before}, {next}"
  list_end: "{before} und {last}"
  list_end_or: "{before} oder {last}"
  more: "{count} weitere"
  hours: {one: eine Stunde, other: "{count:words} Stunden"}
  hours_of: {one: Ein-Stunden, other: "{count:words}-Stunden"}
  minutes: {one: eine Minute, other: "{count:words} Minuten"}
  minutes_of: {one: Ein-Minuten, other: "{count:words}-Minuten"}
  seconds: {one: eine Sekunde, other: "{count:words} Sekunden"}
  seconds_of: {one: Ein-Sekunden, other: "{count:words}-Sekunden"}
  clock: "{hour24} Uhr {minute}"
  full_hour: "{hour24} Uhr"
  am: vormittags
  pm: nachmittags
  today: heute
  tomorrow: morgen
  yesterday: gestern
  on_weekday: am {weekday}
  on_date: am {date}
  date: "{weekday}, der {day}. {month}"
  ordinal: "{rank}."
words:
  stop: [stopp, sei still]
errors:
  timer.length: so lange läuft kein Timer
"""

CLOCK = """
language: de
intents:
  HassGetCurrentTime:
    data: [{sentences: [wie spät ist es]}]
  HassGetCurrentDate:
    data: [{sentences: [welcher Tag ist heute]}]
replies:
  unset: Ich weiß die Zeit noch nicht.
  time: Es ist {time}.
  year: Wir haben das Jahr {year}.
  today: Heute ist {date}.
  tomorrow: Morgen ist {date}.
"""

TIMERS = """
language: de
intents:
  HassStartTimer:
    data:
      - sentences:
          - "[stell] [einen] [neuen] {kind:name} Timer auf <span>"
          - "[stell] einen [neuen] Timer auf <span>"
  HassTimerStatus:
    data: [{sentences: [wie viele Timer laufen]}]
  SottoLength:
    data: [{sentences: [<span>]}]
lists:
  kind: {values: [pizza, zweiten, zweiten pizza]}
  amount: {range: {from: 1, to: 200}}
expansion_rules:
  span: ({amount:hours} Stunde[n]|{amount:minutes} Minute[n]|{amount:seconds} Sekunde[n])
replies:
  label: "{name:capital}-Timer"
  nameless: Timer
  the: der {label}
  counted: {=0: keine Timer, one: ein Timer, other: "{count:words} Timer"}
  listed: "{timers}: {names}"
  cannot_do: "{command} kann ich nicht."
  how_long: Wie lange?
  later: Gut, in {length}.
  started: "{length:capital}, ab jetzt."
  started_named: "{label}, {length}, ab jetzt."
  restarted: "{length:capital}, noch einmal."
  restarted_named: "{label}, {length}, noch einmal."
  none: Es läuft kein Timer.
  no_such: Es gibt keinen {label}.
  shall_i_cancel: Es laufen {timers}. Soll ich alle löschen?
  which_one: Es laufen {timers}. Welcher?
  cancelled: "Gelöscht: {timers}."
  by_how_much: Um wie viel?
  added: "{label}: {length} mehr."
  took: "{label}: {length} weniger."
  ends_now: Der {label} endet jetzt.
  to_how_long: Auf wie lange?
  runs_for: Der Timer läuft jetzt {length}.
  runs_for_named: Der {label} läuft jetzt {length}.
  none_running: Keiner läuft.
  none_paused: Keiner steht.
  paused: "Angehalten: {timers}."
  resumed: "Weiter: {timers}."
  paused_already: Der {label} steht schon.
  running_already: Der {label} läuft schon.
  paused_at: Der {label} steht, noch {left}.
  runs_again: Der {label} läuft weiter, noch {left}.
  left: noch {length}
  left_paused: noch {length}, angehalten
  left_on: "{label}: {left}"
  status: "{left}."
  status_of_all: "Es laufen {timers}. {left}."
  ring: Der {label} ist abgelaufen.
  ring_late: Der {label} ist um {time} abgelaufen, vor {ago}, als ich aus war.
  ring_late_command: Um {time} war ich aus und habe nichts getan ({command}).
  more_than_a_day: mehr als einem Tag
words:
  articles: [der, den, mein, meinen]
  nouns: [timer]
  one_more: [zweiten, weiteren, neuen]
"""


class GermanBox:
    """The clock and the timers of a box that speaks German."""

    def __init__(self, folder: Path) -> None:
        sentences = folder / "sentences"
        sentences.mkdir()
        for name, text in (("common", COMMON), ("clock", CLOCK), ("timers", TIMERS)):
            (sentences / f"{name}.yaml").write_text(text, encoding="utf-8")
        language = load_language("de", MODULES, [sentences])
        self.skills = build_skills(context(folder, replies=language.replies), MODULES)
        self.grammar = build_grammar("de", False, [], HomeNames(), self.skills.intents, files=language.files)

    def ask(self, text: str, now: datetime = NOW) -> Reply:
        parse = self.grammar.parse(text)
        assert parse is not None, f"{text!r} is outside the grammar"
        return self.skills.handle(Request(parse.intent, parse.slots, parse.text, now))


@pytest.fixture
def box(tmp_path: Path) -> GermanBox:
    return GermanBox(tmp_path)


def test_time_and_date_are_said_as_the_language_writes_them(box: GermanBox) -> None:
    assert box.ask("Wie spät ist es?").text == "Es ist 16 Uhr 35."
    assert box.ask("Welcher Tag ist heute?").text == "Heute ist Sonntag, der 22. November."


def test_plurals_and_number_words_are_those_of_the_language(box: GermanBox) -> None:
    assert box.ask("Stell einen Timer auf eine Minute.").text == "Eine Minute, ab jetzt."
    assert box.ask("Stell einen Pizza Timer auf 21 Minuten.").text == (
        "Pizza-Timer, einundzwanzig Minuten, ab jetzt."
    )
    assert box.ask("wie viele Timer laufen").text == (
        "Es laufen zwei Timer. Ein-Minuten-Timer: noch eine Minute und "
        "Pizza-Timer: noch einundzwanzig Minuten."
    )


def test_words_that_only_say_one_more_are_no_name(box: GermanBox) -> None:
    reply = box.ask("einen zweiten Pizza Timer auf 2 Stunden")
    assert [act.target for act in reply.acts] == ["pizza"]


def test_rings_and_errors_are_said_in_the_language(box: GermanBox) -> None:
    box.ask("einen Pizza Timer auf 5 Minuten")
    (ring,) = box.skills.rings.due(NOW + timedelta(minutes=5))
    assert ring.text == "Der Pizza-Timer ist abgelaufen."
    assert box.ask("einen Timer auf 200 Stunden").text == "Leider nicht: so lange läuft kein Timer."
    assert box.ask("10 Minuten").text == "Ich habe nichts gefragt."
