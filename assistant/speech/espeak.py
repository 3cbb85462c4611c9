"""The phonemes of a clause, from the espeak-ng library.

The library is called in this process, because starting the command takes longer than a whole reply. It has
global state, so one lock guards every call.
"""

from __future__ import annotations

import ctypes
import re
import threading
from functools import cache

from common.errors import InvalidInput, Unavailable

_LIBRARY = "libespeak-ng.so.1"
#: `AUDIO_OUTPUT_RETRIEVAL` of speak_lib.h: no sound device is opened.
_RETRIEVAL = 1
#: `espeakINITIALIZE_DONT_EXIT`: return an error instead of ending the process.
_DONT_EXIT = 0x8000
#: `espeakCHARS_UTF8`
_UTF8 = 1
#: `espeakPHONEMES_IPA`
_IPA = 0x02
_OK = 0
#: The library marks words that it pronounces as in another language, for example "(fr)".
_LANGUAGE_MARK = re.compile(r"\([a-z-]+\)")

_lock = threading.Lock()


@cache
def _library() -> ctypes.CDLL:
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise Unavailable(
            f"the pronunciation library {_LIBRARY} is not installed",
            hint="Install the Debian package libespeak-ng1 (and espeak-ng-data).",
            code="speech.no-espeak",
        ) from error
    library.espeak_Initialize.argtypes = [
        ctypes.c_int,
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_int,
    ]
    library.espeak_SetVoiceByName.argtypes = [ctypes.c_char_p]
    library.espeak_TextToPhonemes.argtypes = [
        ctypes.POINTER(ctypes.c_void_p),
        ctypes.c_int,
        ctypes.c_int,
    ]
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    if library.espeak_Initialize(_RETRIEVAL, 0, None, _DONT_EXIT) < 0:
        raise Unavailable(
            "the pronunciation library espeak-ng does not find its data",
            hint="Install the Debian package espeak-ng-data.",
            code="speech.no-espeak-data",
        )
    return library


def clause_phonemes(clause: str, voice: str) -> str:
    """Phonemes (IPA, with stress marks) of text without clause punctuation.

    Args:
        clause: the text; control characters count as spaces.
        voice: an espeak-ng voice such as "en-us".

    Raises:
        Unavailable: `speech.no-espeak` or `speech.no-espeak-data` if the library or its data is not
            installed.
        InvalidInput: `speech.no-voice` if there is no such voice.
    """
    text = "".join(char if char.isprintable() else " " for char in clause)
    buffer = ctypes.create_string_buffer(text.encode("utf-8", "ignore"))
    place = ctypes.c_void_p(ctypes.addressof(buffer))
    parts: list[str] = []
    with _lock:
        library = _library()
        if library.espeak_SetVoiceByName(voice.encode()) != _OK:
            raise InvalidInput(
                f"espeak-ng has no voice {voice!r}",
                hint="Use the voice named in the configuration of the Piper voice.",
                code="speech.no-voice",
            )
        # Each call reads one clause and moves the pointer to its end; NULL at the end of the text.
        while place.value:
            found = library.espeak_TextToPhonemes(ctypes.byref(place), _UTF8, _IPA)
            parts.append((found or b"").decode("utf-8", "ignore").strip())
    phonemes = " ".join(part for part in parts if part)
    return _LANGUAGE_MARK.sub("", phonemes).replace("\n", " ")
