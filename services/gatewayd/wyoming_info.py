"""What the box tells a hub about itself: the catalogue of models in Wyoming's words. No model is loaded."""

from __future__ import annotations

from wyoming.info import (
    AsrModel,
    AsrProgram,
    Attribution,
    HandleModel,
    HandleProgram,
    Info,
    Satellite,
    TtsProgram,
    TtsVoice,
    WakeModel,
    WakeProgram,
)

from assistant.models.catalogue import LANGUAGES, WAKE_WORDS, by_task

#: A hub names its entities by this and by the ids of the catalogue, and knows them again by them.
NAME = "sotto"
_OURS = Attribution("Sotto", "")
_MOONSHINE = Attribution("Useful Sensors", "https://github.com/usefulsensors/moonshine")
_PIPER = Attribution("Piper", "https://github.com/OHF-Voice/piper1-gpl")
_MICRO = Attribution("microWakeWord", "https://github.com/kahrendt/microWakeWord")


def services_info() -> Info:
    """The answer to `describe` on the port of services."""
    return Info(
        asr=[
            AsrProgram(
                NAME,
                _OURS,
                True,
                "Speech to text, favouring what the box understands",
                None,
                models=[
                    AsrModel(each.id, _MOONSHINE, True, each.title, None, [each.language])
                    for each in by_task("asr")
                ],
            )
        ],
        tts=[
            TtsProgram(
                NAME,
                _OURS,
                True,
                "Text to speech",
                None,
                voices=[
                    TtsVoice(each.id, _PIPER, True, each.title, None, [each.language])
                    for each in by_task("tts")
                ],
            )
        ],
        wake=[_wake_program()],
        handle=[
            HandleProgram(
                NAME,
                _OURS,
                True,
                "The assistant: timers, alarms, questions, its own devices",
                None,
                models=[HandleModel(NAME, _OURS, True, "Sotto", None, list(LANGUAGES))],
                supports_home_control=True,
            )
        ],
    )


def satellite_info() -> Info:
    """The answer to `describe` on the port of the satellite.

    No speech services: Home Assistant loads none from a port that has a satellite. The wake words are
    there so that it knows which one two satellites have heard at once.
    """
    return Info(
        satellite=Satellite(
            NAME,
            _OURS,
            True,
            "The ears and the loudspeaker of the box",
            None,
            has_vad=True,
            active_wake_words=list(WAKE_WORDS),
            max_active_wake_words=len(WAKE_WORDS),
        ),
        wake=[_wake_program()],
    )


def _wake_program() -> WakeProgram:
    return WakeProgram(
        NAME,
        _OURS,
        True,
        "Wake words",
        None,
        models=[
            WakeModel(name, _MICRO, True, word.phrase, None, [word.language], word.phrase)
            for name, word in WAKE_WORDS.items()
        ],
    )
