"""How much is understood in quiet and in noise, what is taken for a command and is not, what is cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from assistant.assistant import Assistant
from assistant.audio.files import read_audio
from assistant.audio.format import SAMPLE_RATE, Samples
from assistant.settings import Settings
from assistant.skills.contract import Skill
from assistant.turn.store import Turn
from services.bench.live import is_cut_off
from services.bench.neutral import NeutralSkill
from services.bench.recordings import Clip, clips_of, with_noise, with_pauses_doubled
from services.bench.wake import wake_words
from services.bench.whole import slots_of, spoken_slots, turns_of
from services.client.scratch import scratch_assistant

#: Signal to noise ratios of the published benchmark, dB; its figure is the mean over them.
SNRS = (24, 21, 18, 15, 12, 9, 6)
#: A second ratio at which foreign speech is tried.
_FOREIGN_SNR = 12


@dataclass(frozen=True)
class Score:
    """Commands of one condition: `wrong` were accepted with a wrong slot, `rejected` were not accepted."""

    right: tuple[str, ...]
    wrong: tuple[str, ...]
    rejected: tuple[str, ...]

    def figures(self) -> dict[str, Any]:
        """Percentages, and which clips were not right."""
        count = max(1, len(self.right) + len(self.wrong) + len(self.rejected))
        return {
            "right_percent": round(100 * len(self.right) / count, 2),
            "wrong_percent": round(100 * len(self.wrong) / count, 2),
            "rejected_percent": round(100 * len(self.rejected) / count, 2),
            "wrong": self.wrong,
            "rejected": self.rejected,
        }


def run(speech: Path, limit: int | None) -> dict[str, Any]:
    """Real commands heard with their own language, then with a home's, in quiet.

    Args:
        speech: folder with `commands/labels.json`, its clips, and `commands/coffee.yaml`.
        limit: use only this many clips.
    """
    clips = clips_of(speech / "commands", limit)
    with assistant_for(speech, Settings(), own=True) as own, assistant_for(speech, Settings()) as home:
        with_own = {clip.name: first(turns_of(own, clip.audio, endpointing=False)) for clip in clips}
        foreign = taken_for_commands(home, {clip.name: clip.audio for clip in clips})
    score = _score(clips, with_own)
    heard_s = sum(len(clip.audio) for clip in clips) / SAMPLE_RATE
    stages = [turn.stages_ms for turn in with_own.values() if turn is not None]
    recognising_s = sum(ms.get("encode", 0) + ms.get("decode", 0) for ms in stages) / 1e3
    return {
        "clips": len(clips),
        "accepted_right_percent": score.figures()["right_percent"],
        "accepted_wrong_percent": score.figures()["wrong_percent"],
        "foreign_taken_for_home_percent": round(100 * len(foreign) / len(clips), 2),
        "foreign_taken_as": list(foreign.values()),
        "real_time_factor": round(recognising_s / heard_s, 4),
    }


def full(
    speech: Path,
    settings: Settings,
    limit: int | None = None,
    report: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Everything that is promised about understanding, on all of the real speech.

    Args:
        speech: as in its README: `commands`, `noise`, `wake`.
        settings: of both assistants but for home and sentences; the waits of the turn end are theirs.
        limit: use only this many commands, and so many recordings of each wake phrase.
        report: called with what is measured next; all of it takes some ten minutes.
    """
    clips = clips_of(speech / "commands", limit)
    noise = read_audio(speech / "noise" / "kitchen.wav", max_seconds=200)
    phrases = {
        f"{folder.name}/{clip.name}": clip.audio
        for folder in sorted((speech / "wake").iterdir())
        for clip in clips_of(folder, limit, skip_damaged=True)
    }
    with assistant_for(speech, settings, own=True) as own, assistant_for(speech, settings) as home:
        report("commands in quiet")
        acceptance = {"clean": acceptance_of(own, clips)}
        for snr in SNRS:
            report(f"commands at {snr} dB")
            acceptance[str(snr)] = acceptance_of(own, [noisy(clip, noise, snr) for clip in clips])
        report("foreign speech")
        quiet = {clip.name: clip.audio for clip in clips}
        loud = {clip.name: noisy(clip, noise, _FOREIGN_SNR).audio for clip in clips}
        foreign = {
            "commands_at_home": _share(taken_for_commands(home, quiet), quiet),
            f"commands_at_home_{_FOREIGN_SNR}_db": _share(taken_for_commands(home, loud), loud),
            "wake_phrases_at_home": _share(taken_for_commands(home, phrases), phrases),
            "wake_phrases_in_own_language": _share(taken_for_commands(own, phrases), phrases),
        }
        report("noise alone")
        alone = {
            name: {"seconds": len(noise) // SAMPLE_RATE, "accepted": _accepted_in(assistant, noise)}
            for name, assistant in (("own", own), ("home", home))
        }
        report("wake words")
        woken = wake_words(home, phrases, {**quiet, "kitchen.wav": noise})
        report("ends of turns")
        missed = {*acceptance["clean"]["wrong"], *acceptance["clean"]["rejected"]}
        whole = {clip.name: None if clip.name in missed else clip.slots for clip in clips}
        slow = [replace(clip, audio=with_pauses_doubled(clip.audio)) for clip in clips]
        early = {
            "as_spoken": cut_off(own, clips, whole),
            "pauses_doubled": cut_off(own, slow, {clip.name: slots_of(own, clip.audio) for clip in slow}),
        }
    means = {
        key: round(float(np.mean([acceptance[str(snr)][key] for snr in SNRS])), 2)
        for key in ("right_percent", "wrong_percent", "rejected_percent")
    }
    return {
        "clips": len(clips),
        "acceptance": acceptance,
        "noise_mean": means,
        "foreign": foreign,
        "noise_alone": alone,
        "wake_words": woken,
        "cut_off": early,
    }


@contextmanager
def assistant_for(speech: Path, settings: Settings, *, own: bool = False) -> Iterator[Assistant]:
    """An assistant with a state of its own: with the language of the recorded commands, or at home."""
    answered: tuple[Skill, ...] = ()
    if own:
        settings = replace(settings, sentences=(speech / "commands",), builtin_sentences=False)
        answered = (NeutralSkill(speech / "commands"),)
    with scratch_assistant(settings, answered) as assistant:
        yield assistant


def acceptance_of(assistant: Assistant, clips: Sequence[Clip]) -> dict[str, Any]:
    """What became of labelled commands, each heard as a whole recording."""
    turns = {clip.name: first(turns_of(assistant, clip.audio, endpointing=False)) for clip in clips}
    return _score(clips, turns).figures()


def taken_for_commands(assistant: Assistant, recordings: Mapping[str, Samples]) -> dict[str, str]:
    """Transcripts of the recordings that were accepted, by name."""
    taken = {}
    for name, audio in recordings.items():
        turn = first(turns_of(assistant, audio, endpointing=False))
        if turn is not None and turn.accepted:
            taken[name] = turn.transcript
    return taken


def cut_off(
    assistant: Assistant, clips: Sequence[Clip], whole: Mapping[str, Mapping[str, str] | None]
) -> dict[str, Any]:
    """Clips that silence ended too early: streamed, and compared with the slots of the whole recordings.

    `repaired` are those of them whose last turn has every slot right after all.
    """
    cut, repaired = [], []
    for clip in clips:
        turns = turns_of(assistant, np.pad(clip.audio, (0, 2 * SAMPLE_RATE)), endpointing=True)
        if is_cut_off(clip, turns, whole[clip.name]):
            cut.append(clip.name)
            if turns and turns[-1].accepted and spoken_slots(turns[-1]) == clip.slots:
                repaired.append(clip.name)
    return {"percent": round(100 * len(cut) / max(1, len(clips)), 2), "clips": cut, "repaired": repaired}


def noisy(clip: Clip, noise: Samples, snr_db: float) -> Clip:
    """The clip in noise; the place in the noise depends on the clip's name alone."""
    seed = int.from_bytes(clip.name.encode()[:8], "big")
    return replace(clip, audio=with_noise(clip.audio, noise, snr_db, seed))


def _score(clips: Sequence[Clip], turns: Mapping[str, Turn | None]) -> Score:
    right, wrong, rejected = [], [], []
    for clip in clips:
        turn = turns[clip.name]
        if turn is None or not turn.accepted:
            rejected.append(clip.name)
        elif spoken_slots(turn) == clip.slots:
            right.append(clip.name)
        else:
            wrong.append(clip.name)
    return Score(tuple(right), tuple(wrong), tuple(rejected))


def _share(taken: Mapping[str, str], among: Mapping[str, Samples]) -> dict[str, Any]:
    return {
        "percent": round(100 * len(taken) / max(1, len(among)), 2),
        "among": len(among),
        "taken_as": dict(taken),
    }


def _accepted_in(assistant: Assistant, noise: Samples) -> list[str]:
    """What noise is taken for: in pieces of the length of a sentence, and listened to as it comes."""
    piece = 5 * SAMPLE_RATE
    pieces = {str(at): noise[at : at + piece] for at in range(0, len(noise) - piece + 1, piece)}
    streamed = [turn.transcript for turn in turns_of(assistant, noise, endpointing=True) if turn.accepted]
    return [*taken_for_commands(assistant, pieces).values(), *streamed]


def first(turns: Sequence[Turn]) -> Turn | None:
    """The first turn of a recording, None if nothing was said."""
    return turns[0] if turns else None
