from __future__ import annotations

from assistant.audio.chimes import chime


def test_the_chime_is_short_and_soft_at_its_ends() -> None:
    sound = chime(22_050)
    assert len(sound) < 22_050 // 2
    assert abs(int(sound[0])) < 200 and abs(int(sound[-1])) < 200
