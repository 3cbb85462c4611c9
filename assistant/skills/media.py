"""Music and films on the media players of the home."""

from __future__ import annotations

from assistant.home.executor import Command
from assistant.home.model import Device, Domain
from assistant.home.state import first_of
from assistant.skills import slots
from assistant.skills.common_lines import NOT_UNDERSTOOD
from assistant.skills.context import SkillContext
from assistant.skills.contract import Reply, Request
from assistant.skills.lines import Line, WordList, line
from assistant.skills.media_players import PAUSED, PLAYING, MediaPlayerSkill
from assistant.skills.selection import NothingSelectedError

_PAUSED = line("media.paused", "what")
_PLAYS_AGAIN = line("media.plays_again", "what")
_NEXT = line("media.next")
_PREVIOUS = line("media.previous")
_PLAYS = line("media.plays", "title", "what")
_MOVED = line("media.moved", "what")
_PLAYS_THERE_ALREADY = line("media.plays_there_already", "what")
_SEVERAL_PLAY = line("media.several_play", "names")
_WHAT_PLAYS = line("media.what_plays", "what", "title")
_BY = line("media.by", "title", "artist")
_UNTOLD = line("media.untold", "what")
_SHUFFLED = {"on": line("media.shuffled"), "off": line("media.not_shuffled")}
_REPEATED = {
    "one": line("media.repeats_one"),
    "all": line("media.repeats_all"),
    "off": line("media.repeats_nothing"),
}
#: Words of what is asked for that no player plays: "play a game", "play chess with me".
_NO_MUSIC = WordList("media.no_music")
#: What somebody asks for who does not mind what it is.
_ANYTHING = WordList("media.anything")


def skills(box: SkillContext) -> tuple[MediaSkill]:
    """See `discovery`."""
    return (MediaSkill(box),)


class MediaSkill(MediaPlayerSkill):
    """Plays, pauses, skips, moves, and tells what plays.

    Args:
        box: its devices, and what it says.
    """

    def __init__(self, box: SkillContext) -> None:
        super().__init__(
            box,
            {
                "HassMediaPause": self._pause,
                "HassMediaUnpause": self._resume,
                "HassMediaNext": lambda request: self._skip(request, Command.NEXT, _NEXT),
                "HassMediaPrevious": lambda request: self._skip(request, Command.PREVIOUS, _PREVIOUS),
                "HassMediaSearchAndPlay": self._play,
                "SottoWhatPlays": self._what_plays,
                "SottoMoveMusic": self._move,
                "SottoShuffle": lambda request: self._mode(request, Command.SET_SHUFFLE, _SHUFFLED),
                "SottoRepeatMusic": lambda request: self._mode(request, Command.SET_REPEAT, _REPEATED),
            },
        )
        self._no_music = box.replies.pattern(_NO_MUSIC)
        self._anything = box.replies.words(_ANYTHING)

    def _pause(self, request: Request) -> Reply:
        commands = (Command.PAUSE, Command.STOP)
        chosen = self._players(request, commands, (PLAYING,))
        playing = self._playing(chosen)
        acts = [self._act(device, command) for device in playing if (command := first_of(device, commands))]
        what = chosen.phrase if len(playing) > 1 else self._words.the(playing[0])
        return Reply(self._text(_PAUSED, what=what), tuple(acts))

    def _resume(self, request: Request) -> Reply:
        device = self._single(self._players(request, (Command.PLAY,), (PAUSED, PLAYING)))
        text = self._text(_PLAYS_AGAIN, what=self._words.the(device))
        return Reply(text, (self._act(device, Command.PLAY),))

    def _skip(self, request: Request, command: Command, said: Line) -> Reply:
        playing = self._playing(self._players(request, (command,), (PLAYING, PAUSED)))
        return Reply(self._text(said), self._acts(playing, command))

    def _play(self, request: Request) -> Reply:
        query = slots.text(request.slots, "search_query") or ""
        if self._no_music.search(query):
            return Reply(self._text(NOT_UNDERSTOOD), ok=False, understood=False)
        if query in self._anything and "media_class" not in request.slots:
            paused = self._players(request, (Command.PLAY,), (PAUSED,), near=True)
            if self._executor.state(paused.devices[0].id).activity in PAUSED:
                return self._resume(request)
        device = self._single(self._players(request, (Command.PLAY_MEDIA,), (PLAYING, PAUSED), near=True))
        kind = slots.text(request.slots, "media_class") or ""
        act = self._act(device, Command.PLAY_MEDIA, query, kind)
        return Reply(self._text(_PLAYS, title=query, what=self._words.the(device)), (act,))

    def _what_plays(self, request: Request) -> Reply:
        playing = self._playing(self._players(request, (), (PLAYING,)))
        told = [self._told(device) for device in playing]
        return Reply(self._words.phrases.joined(told))

    def _told(self, device: Device) -> str:
        state, what = self._executor.state(device.id), self._words.the(device)
        if state.title is None:
            return self._text(_UNTOLD, what=what)
        title = state.title
        if state.artist is not None:
            title = self._text(_BY, title=title, artist=state.artist)
        return self._text(_WHAT_PLAYS, what=what, title=title)

    def _move(self, request: Request) -> Reply:
        """Let the player that plays hand its music to the one that is named, or to one here."""
        home = self._executor.home
        there = self._selector.select(home, request, Domain.MEDIA_PLAYER)
        able = self._able(there, Command.TRANSFER)
        if len(able) > 1:
            raise self._selector.several(tuple(able))
        target = able[0]
        players = tuple(device for device in home.devices if device.domain is Domain.MEDIA_PLAYER)
        playing = [device for device in players if self._executor.state(device.id).activity in PLAYING]
        sources = [device for device in playing if device is not target]
        if not playing:
            self._playing(self._selector.one(target))
        if not sources:
            text = self._text(_PLAYS_THERE_ALREADY, what=self._words.the(target))
            return Reply(text, ok=False)
        if len(sources) > 1:
            here = [device for device in sources if device.area == home.box_area]
            sources = here if len(here) == 1 else sources
        if len(sources) > 1:
            names = self._words.phrases.joined([self._words.the(device) for device in sources])
            raise NothingSelectedError(self._text(_SEVERAL_PLAY, names=names))
        source = self._able(self._selector.one(sources[0]), Command.TRANSFER)[0]
        act = self._act(source, Command.TRANSFER, target.id)
        return Reply(self._text(_MOVED, what=self._words.the(target)), (act,))

    def _mode(self, request: Request, command: Command, said: dict[str, Line]) -> Reply:
        mode = slots.text(request.slots, "mode") or "on"
        chosen = self._players(request, (command,), (PLAYING, PAUSED))
        return Reply(self._text(said[mode]), self._acts(self._able(chosen, command), command, mode))
