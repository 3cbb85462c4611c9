from hypothesis import given
from hypothesis import strategies as st

from assistant.audio.pace import Pace

FRAME = 160
RATE = 16_000


def test_frames_that_come_on_time_were_captured_when_they_came() -> None:
    pace = Pace(RATE)
    for number in range(1, 100):
        arrived = 5.0 + number * 0.01
        assert abs(pace.captured_at(number * FRAME, arrived) - arrived) < 1e-6 * number


def test_a_frame_that_waited_in_a_queue_is_dated_back() -> None:
    pace = Pace(RATE)
    pace.captured_at(FRAME, 10.01)
    late = pace.captured_at(2 * FRAME, 10.25)
    assert abs(late - 10.02) < 1e-4


@given(st.lists(st.floats(0, 0.5), min_size=2, max_size=200))
def test_never_after_its_arrival_and_never_backwards(delays: list[float]) -> None:
    pace = Pace(RATE)
    arrived, captured = 0.0, float("-inf")
    for number, delay in enumerate(delays, 1):
        arrived = max(arrived, number * 0.01 + delay)
        at = pace.captured_at(number * FRAME, arrived)
        assert at <= arrived + 1e-9
        captured = at
    assert captured >= len(delays) * 0.01 - 1e-9
