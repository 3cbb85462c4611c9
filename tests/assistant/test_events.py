from assistant.events import EventBus, EventKind


def test_a_watcher_gets_what_is_published_after_it_came() -> None:
    bus = EventBus()
    bus.publish(EventKind.WAKE, word="too early")
    with bus.subscribe() as watcher:
        bus.publish(EventKind.STATE, "t1", state="listening")
        event = watcher.get(timeout=1)
    assert event is not None
    assert (event.kind, event.turn, event.data["state"]) == (EventKind.STATE, "t1", "listening")


def test_a_slow_watcher_loses_the_oldest_events_which_are_counted() -> None:
    bus = EventBus()
    with bus.subscribe(capacity=3) as watcher:
        for number in range(5):
            bus.publish(EventKind.STATE, number=number)
        numbers = []
        while (event := watcher.get(timeout=0)) is not None:
            numbers.append(event.data["number"])
    assert numbers == [2, 3, 4]
    assert watcher.dropped == 2


def test_a_listener_that_fails_does_not_stop_the_others() -> None:
    bus = EventBus()
    seen: list[str] = []
    bus.listen(lambda _event: 1 / 0)  # type: ignore[arg-type]
    bus.listen(lambda event: seen.append(event.kind.value))
    bus.publish(EventKind.RING)
    assert seen == ["ring"]


def test_closing_ends_an_iteration() -> None:
    bus = EventBus()
    watcher = bus.subscribe()
    bus.publish(EventKind.WAKE)
    watcher.close()
    assert [event.kind for event in watcher] == [EventKind.WAKE]
    bus.publish(EventKind.WAKE)
    assert watcher.get(timeout=0) is None
