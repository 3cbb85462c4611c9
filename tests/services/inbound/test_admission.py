"""Who gets a place, and who loses one: a model of a port under any order of events."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from services.inbound.admission import MAX_KNOWN, SETTLE_S, Admission, KnownAddresses, Shares, Verdict

SHARES = Shares(places=8, strangers=6, stranger=3, known=4)
_ADDRESSES = ("stranger 1", "stranger 2", "stranger 3", "known 1", "known 2", "known 3")


def _admission(shares: Shares = SHARES) -> Admission:
    return Admission(shares, lambda address: address.startswith("known"))


@dataclass
class _Port:
    """Connections as a server has them."""

    admission: Admission
    now: float = 0.0
    lines: dict[int, str] = field(default_factory=dict)
    vouched: set[int] = field(default_factory=set)
    heard: dict[int, float] = field(default_factory=dict)
    count: int = 0

    def arrive(self, network: str) -> Verdict:
        self.count += 1
        verdict = self.admission.arrive(self.count, network, self.now)
        if verdict.dropped is not None:
            del self.lines[verdict.dropped]
        if verdict.admitted:
            self.lines[self.count] = network
            self.heard[self.count] = self.now
        return verdict

    def of(self, network: str) -> int:
        return sum(other == network for other in self.lines.values())

    def strangers(self) -> int:
        return sum(network.startswith("stranger") for network in self.lines.values())


_steps = st.lists(
    st.tuples(
        st.sampled_from(["arrive", "arrive", "arrive", "heard", "vouch", "leave"]),
        st.sampled_from(_ADDRESSES),
        st.integers(0, 7),
        st.sampled_from([0.0, 0.1, SETTLE_S, 5.0]),
    ),
    max_size=60,
)


@given(_steps)
def test_no_share_is_exceeded_and_nobody_with_a_token_loses_its_place(
    steps: list[tuple[str, str, int, float]],
) -> None:
    port = _Port(_admission())
    for step, network, which, wait_s in steps:
        port.now += wait_s
        number = sorted(port.lines)[which % len(port.lines)] if port.lines else 0
        if step == "arrive":
            verdict = port.arrive(network)
            assert verdict.dropped not in port.vouched
            assert verdict.admitted or verdict.dropped is None
        elif step == "leave" and number:
            port.admission.leave(number)
            del port.lines[number]
            port.vouched.discard(number)
        elif step == "heard" and number:
            port.admission.heard(number, port.now)
            port.heard[number] = port.now
        elif step == "vouch" and number:
            port.admission.vouch(number)
            port.vouched.add(number)
        assert len(port.lines) == len(port.admission) <= SHARES.places
        assert port.strangers() <= SHARES.strangers
        for name in _ADDRESSES:
            assert port.of(name) <= (SHARES.known if name.startswith("known") else SHARES.stranger)


@given(_steps)
def test_who_is_known_always_gets_a_place_while_strangers_alone_are_there(
    steps: list[tuple[str, str, int, float]],
) -> None:
    port = _Port(_admission())
    for _, network, _, wait_s in steps:
        port.now += wait_s
        port.arrive(network.replace("known", "stranger"))
    assert port.arrive("known 1").admitted


@given(_steps)
def test_who_loses_a_place_was_silent_for_longest(steps: list[tuple[str, str, int, float]]) -> None:
    port = _Port(_admission())
    for step, network, which, wait_s in steps:
        port.now += wait_s
        stranger = network.replace("known", "stranger")
        if step == "heard" and port.lines:
            number = sorted(port.lines)[which % len(port.lines)]
            port.admission.heard(number, port.now)
            port.heard[number] = port.now
            continue
        before, own = dict(port.lines), port.of(stranger)
        verdict = port.arrive(stranger)
        if verdict.dropped is not None:
            rivals = [n for n, name in before.items() if own < SHARES.stranger or name == stranger]
            assert port.heard[verdict.dropped] == min(port.heard[number] for number in rivals)
            assert port.now - port.heard[verdict.dropped] >= SETTLE_S


def test_a_stranger_is_refused_while_nobody_has_been_silent_for_long() -> None:
    port = _Port(_admission())
    for _ in range(SHARES.stranger):
        assert port.arrive("stranger 1") == Verdict(True)
    assert port.arrive("stranger 1") == Verdict(False)
    port.now += SETTLE_S
    assert port.arrive("stranger 1") == Verdict(True, dropped=1)


def test_who_has_a_token_fills_only_the_share_of_its_address() -> None:
    port = _Port(_admission())
    for _ in range(SHARES.known):
        port.arrive("known 1")
        port.admission.vouch(port.count)
    assert not port.arrive("known 1").admitted
    assert port.arrive("known 2").admitted


def test_a_port_for_known_addresses_has_no_place_for_strangers() -> None:
    port = _Port(_admission(Shares.for_known(8)))
    assert not port.arrive("stranger 1").admitted
    assert port.arrive("known 1").admitted


def test_the_addresses_that_are_known_are_the_latest() -> None:
    known = KnownAddresses()
    for number in range(MAX_KNOWN):
        known.add(str(number))
    known.add("0")
    known.add("new")
    assert "0" in known
    assert "new" in known
    assert "1" not in known


def test_strangers_of_one_network_share_and_who_is_known_among_them_does_not() -> None:
    known = KnownAddresses()
    known.add("2001:db8::1")
    port = _Port(Admission(SHARES, known.__contains__))
    for number in range(2, 2 + SHARES.stranger):
        assert port.arrive(f"2001:db8::{number}").admitted
    assert not port.arrive("2001:db8::ff").admitted
    assert port.arrive("2001:db8::1") == Verdict(True)
    assert port.arrive("2001:db8:0:1::1") == Verdict(True)
