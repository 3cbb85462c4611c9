"""Who may hold a place of the assistant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Unavailable
from services.gatewayd.access import LOCAL
from services.gatewayd.admission import Holder, Kind, Places, Shares, holder_of
from services.gatewayd.tokens import Scope, Token

SHARES = Shares("conversations", total=16, token=4, hub=8, kept_for_hubs=4, kept_for_local=2)
_FOR_TOKENS = 10
_TABLET, _HUB, _HERE = Holder(Kind.TOKEN, "tablet"), Holder(Kind.HUB, "192.0.2.9"), Holder(Kind.LOCAL)


def _tokens(places: Places, number: int) -> None:
    for taken in range(number):
        places.take(Holder(Kind.TOKEN, f"program {taken}"))


def _code(places: Places, holder: Holder) -> str:
    with pytest.raises(Unavailable) as caught:
        places.take(holder)
    return caught.value.code


def test_one_token_has_its_share_and_another_one_has_its_own() -> None:
    places = Places(SHARES)
    for _ in range(SHARES.token):
        places.take(_TABLET)
    assert _code(places, _TABLET) == "access.share"
    places.take(Holder(Kind.TOKEN, "phone"))


def test_a_place_is_free_again_after_it_was_held() -> None:
    places = Places(SHARES)
    for _ in range(3 * SHARES.token):
        with places.hold(_TABLET):
            pass
    with pytest.raises(KeyError), places.hold(_TABLET):
        raise KeyError
    _tokens(places, _FOR_TOKENS)


def test_tokens_leave_places_for_hubs_and_for_this_machine() -> None:
    places = Places(SHARES)
    _tokens(places, _FOR_TOKENS)
    assert _code(places, Holder(Kind.TOKEN, "one more")) == "daemon.no-place"
    for _ in range(SHARES.kept_for_hubs):
        places.take(_HUB)
    assert _code(places, _HUB) == "daemon.no-place"
    for _ in range(SHARES.kept_for_local):
        places.take(_HERE)
    assert _code(places, _HERE) == "daemon.no-place"


def test_hubs_use_what_tokens_leave_and_no_hub_uses_all() -> None:
    places = Places(SHARES)
    for _ in range(SHARES.hub):
        places.take(_HUB)
    assert _code(places, _HUB) == "access.share"
    places.take(Holder(Kind.HUB, "192.0.2.10"))


def test_a_caller_is_known_by_its_token() -> None:
    assert holder_of(Token("tablet", frozenset({Scope.TALK}), 0.0, digest="ab")) == _TABLET
    assert holder_of(LOCAL) == _HERE


_HOLDERS = st.one_of(
    st.builds(Holder, st.just(Kind.TOKEN), st.sampled_from("abcdef")),
    st.builds(Holder, st.just(Kind.HUB), st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"])),
    st.just(_HERE),
)


@given(st.lists(st.tuples(_HOLDERS, st.booleans(), st.integers(0, 20)), max_size=120))
def test_whatever_comes_and_goes_nobody_gets_more_and_what_is_kept_is_there(
    steps: list[tuple[Holder, bool, int]],
) -> None:
    places = Places(SHARES)
    held: list[tuple[Holder, Callable[[], None]]] = []
    for holder, comes, which in steps:
        if not comes and held:
            _, release = held.pop(which % len(held))
            release()
            continue
        try:
            held.append((holder, places.take(holder)))
        except Unavailable:
            assert held, "the first one is never refused"
        kinds = [other.kind for other, _ in held]
        assert kinds.count(Kind.TOKEN) <= _FOR_TOKENS
        assert len(held) <= SHARES.total
        most = Counter(other for other, _ in held if other.kind is Kind.TOKEN).most_common(1)
        assert not most or most[0][1] <= SHARES.token
    kinds = [other.kind for other, _ in held]
    local_is_modest = kinds.count(Kind.LOCAL) <= SHARES.kept_for_local
    if local_is_modest and kinds.count(Kind.HUB) < SHARES.kept_for_hubs:
        places.take(Holder(Kind.HUB, "192.0.2.99"))
