"""Lists: what is to be bought, what is to be done, and any other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from assistant.skills import slots
from assistant.skills.choice import Choice
from assistant.skills.context import SkillContext
from assistant.skills.contract import Act, Reply, Request, asking
from assistant.skills.lines import line
from assistant.skills.list_book import ListBook, NamedList
from assistant.skills.list_words import SHOPPING, TO_DO, ListWords
from assistant.skills.phrases import Phrases
from assistant.skills.question import WHICH
from assistant.skills.table_skill import Handlers, TableSkill

#: Kinds of answers: things for a list; the name of a list.
ITEM = "SottoItem"
LIST_NAME = "SottoListName"

_THINGS = line("lists.things", "count")
_WHAT_TO_ADD = line("lists.what_to_add", "list")
_WHAT_TO_REMOVE = line("lists.what_to_remove", "list")
_WHAT_NAME = line("lists.what_name")
_WHICH_LIST = line("lists.which_list")
_ADDED = line("lists.added", "items", "list")
_ON_IT_ALREADY = line("lists.on_it_already", "items", "list", "count")
_SHALL_I_MAKE = line("lists.shall_i_make", "list")
_MADE = line("lists.made", "list")
_MADE_WITH = line("lists.made_with", "list", "items")
_THERE_ALREADY = line("lists.there_already", "list")
_NO_SUCH = line("lists.no_such", "list")
_REMOVED = line("lists.removed", "items", "list")
_NOT_ON_IT = line("lists.not_on_it", "items", "list")
_DID_YOU_MEAN = line("lists.did_you_mean", "items", "list", "like")
_WHICH_ITEM = line("lists.which_item", "items")
_NO_NUMBER = line("lists.no_number", "list", "things")
_EMPTY = line("lists.empty", "list")
_READ = line("lists.read", "list", "items", "count")
_COUNTED = line("lists.counted", "list", "count")
_IS_ON_IT = line("lists.is_on_it", "items", "list")
_IS_NOT_ON_IT = line("lists.is_not_on_it", "items", "list")
_THAT_ITEM = line("lists.that_item", "number", "list", "items")
_SHALL_I_CLEAR = line("lists.shall_i_clear", "things", "list")
_CLEARED = line("lists.cleared", "list")
_SHALL_I_DELETE = line("lists.shall_i_delete", "things", "list")
_DELETED = line("lists.deleted", "list")
_NONE = line("lists.none")
_LISTS = line("lists.lists", "lists")
_ONE_LIST = line("lists.one_list", "list", "things")
_YES_THERE_IS = line("lists.yes_there_is", "list", "things")


def skills(box: SkillContext) -> tuple[ListSkill]:
    """See `discovery`."""
    book = ListBook(box.state / "lists.json", (SHOPPING, TO_DO), box.faults)
    return (ListSkill(book, box),)


class ListSkill(TableSkill):
    """Puts things on lists, takes them off, and reads them.

    Args:
        book: the lists.
        box: what is said, in its language.
    """

    def __init__(self, book: ListBook, box: SkillContext) -> None:
        self._book = book
        self._words = ListWords(box.replies)
        self._text = box.replies.text
        self._phrases = Phrases(box.replies)
        handlers: Handlers = {
            "HassShoppingListAddItem": self._add,
            "HassListAddItem": self._add,
            "HassShoppingListCompleteItem": self._remove,
            "HassListCompleteItem": self._remove,
            "HassListRemoveItem": self._remove,
            "SottoReadList": self._read,
            "SottoListLists": self._list_lists,
            "SottoCreateList": self._create,
            "SottoDeleteList": self._delete,
            "SottoClearList": self._clear,
        }
        super().__init__(handlers)

    def _add(self, request: Request) -> Reply:
        name = self._name(request)
        said = slots.text(request.slots, "item")
        if said is None:
            return asking(self._text(_WHAT_TO_ADD, list=self._words.label(name)), request, ITEM)
        things = self._words.things(said, name)
        if self._book.get(name) is None:
            self._book.check(things, name)
            question = self._text(_SHALL_I_MAKE, list=self._words.label(name))
            return Reply(question, expects_answer=True, if_yes=self._making(name, things))
        return self._adding(self._book.get(name) or NamedList(name), things)

    def _adding(self, known: NamedList, things: list[str]) -> Reply:
        there = {self._words.key(thing) for thing in known.things}
        new = [thing for thing in things if self._words.key(thing) not in there]
        label = self._words.label(known.name)
        if not new:
            items = self._phrases.joined(things)
            return Reply(self._text(_ON_IT_ALREADY, items=items, list=label, count=len(things)), ok=False)
        self._book.check(new, known.name)
        act = Act(
            "list.add",
            known.name,
            ", ".join(new),
            partial(self._book.add, known.name, new),
            partial(self._book.remove, known.name, new),
        )
        return Reply(self._text(_ADDED, items=self._phrases.joined(new), list=label), (act,))

    def _making(self, name: str, things: list[str]) -> Reply:
        label = self._words.label(name)
        text = self._text(_MADE, list=label)
        if things:
            text = self._text(_MADE_WITH, list=label, items=self._phrases.joined(things))
        made = Act(
            "list.create",
            name,
            ", ".join(things) or None,
            partial(self._book.add, name, things),
            partial(self._book.delete, name),
        )
        return Reply(text, (made,))

    def _remove(self, request: Request) -> Reply:
        name = self._name(request)
        known = self._book.get(name)
        label = self._words.label(name)
        if known is None:
            return Reply(self._text(_NO_SUCH, list=label), ok=False)
        if not known.things:
            return Reply(self._text(_EMPTY, list=label), ok=False)
        if (number := slots.number(request.slots, "number")) is not None:
            thing = _numbered(known, number)
            return self._removing(known, [thing]) if thing is not None else self._no_number(known)
        said = slots.text(request.slots, "chosen") or slots.text(request.slots, "item")
        if said is None:
            return asking(self._text(_WHAT_TO_REMOVE, list=label), request, ITEM)
        places = self._words.find(known.things, said)
        wanted = [said] if places else self._words.things(said, name)
        found: list[str] = []
        missing: list[str] = []
        for each in wanted:
            places = self._words.find(known.things, each)
            if len(places) > 1 and len({known.things[place] for place in places}) > 1:
                return self._which([known.things[place] for place in places], request)
            (found if places else missing).append(known.things[places[0]] if places else each)
        if not found:
            return self._not_found(known, missing)
        return self._removing(known, found)

    def _not_found(self, known: NamedList, missing: list[str]) -> Reply:
        """What is said of things that are not there; something like it may have been meant."""
        label, items = self._words.label(known.name), self._phrases.either(missing)
        like = self._words.like(known.things, missing[0]) if len(missing) == 1 else None
        if like is None:
            return Reply(self._text(_NOT_ON_IT, items=items, list=label), ok=False)
        question = self._text(_DID_YOU_MEAN, items=items, list=label, like=like)
        return Reply(question, expects_answer=True, if_yes=self._removing(known, [like]))

    def _removing(self, known: NamedList, things: list[str]) -> Reply:
        act = Act(
            "list.remove",
            known.name,
            ", ".join(things),
            partial(self._book.remove, known.name, things),
            partial(self._book.restore, known),
        )
        items = self._phrases.joined(things)
        return Reply(self._text(_REMOVED, items=items, list=self._words.label(known.name)), (act,))

    def _which(self, things: list[str], request: Request) -> Reply:
        choices = tuple(Choice(thing, (thing,), made=number) for number, thing in enumerate(things))
        return asking(
            self._text(_WHICH_ITEM, items=self._phrases.either(things)), request, WHICH, choices=choices
        )

    def _read(self, request: Request) -> Reply:
        known = self._to_read(request)
        if known is None:
            return Reply(self._text(_NO_SUCH, list=self._words.label(self._name(request))), ok=False)
        label, count = self._words.label(known.name), len(known.things)
        if (said := slots.text(request.slots, "item")) is not None:
            places = self._words.find(known.things, said)
            if not places:
                return Reply(self._text(_IS_NOT_ON_IT, items=said, list=label))
            return Reply(self._text(_IS_ON_IT, items=known.things[places[0]], list=label))
        if "count" in request.slots:
            return Reply(self._text(_COUNTED, list=label, count=count))
        if not count:
            return Reply(self._text(_EMPTY, list=label))
        if (number := slots.number(request.slots, "number")) is not None:
            thing = _numbered(known, number)
            if thing is None:
                return self._no_number(known)
            place = known.things.index(thing) + 1
            return Reply(self._text(_THAT_ITEM, number=place, list=label, items=thing))
        return Reply(self._text(_READ, list=label, items=self._phrases.joined(known.things), count=count))

    def _to_read(self, request: Request) -> NamedList | None:
        """The list that is asked about; without a name the only one that has anything on it."""
        if "name" not in request.slots:
            filled = [each for each in self._book.lists if each.things]
            if len(filled) == 1:
                return filled[0]
        return self._book.get(self._name(request))

    def _no_number(self, known: NamedList) -> Reply:
        things = self._text(_THINGS, count=len(known.things))
        return Reply(self._text(_NO_NUMBER, list=self._words.label(known.name), things=things), ok=False)

    def _list_lists(self, request: Request) -> Reply:
        if "name" in request.slots:
            known = self._book.get(self._name(request))
            if known is None:
                return Reply(self._text(_NO_SUCH, list=self._words.label(self._name(request))))
            label = self._words.label(known.name)
            return Reply(self._text(_YES_THERE_IS, list=label, things=self._size(known)))
        shown = [each for each in self._book.lists if each.things or each.name not in (SHOPPING, TO_DO)]
        if not shown:
            return Reply(self._text(_NONE))
        lists = [
            self._text(_ONE_LIST, list=self._words.label(each.name), things=self._size(each))
            for each in shown
        ]
        return Reply(self._text(_LISTS, lists=self._phrases.joined(lists)))

    def _create(self, request: Request) -> Reply:
        if "name" not in request.slots:
            return asking(self._text(_WHAT_NAME), request, LIST_NAME)
        name = self._name(request)
        if self._book.get(name) is not None:
            return Reply(self._text(_THERE_ALREADY, list=self._words.label(name)), ok=False)
        self._book.check((), name)
        return self._making(name, [])

    def _delete(self, request: Request) -> Reply:
        if "name" not in request.slots:
            return asking(self._text(_WHICH_LIST), request, LIST_NAME)
        name = self._name(request)
        known, label = self._book.get(name), self._words.label(name)
        if known is None:
            return Reply(self._text(_NO_SUCH, list=label), ok=False)
        act = Act(
            "list.delete", name, None, partial(self._book.delete, name), partial(self._book.restore, known)
        )
        deleted = Reply(self._text(_DELETED, list=label), (act,))
        if not known.things:
            return deleted
        question = self._text(_SHALL_I_DELETE, list=label, things=self._size(known))
        return Reply(question, expects_answer=True, if_yes=deleted)

    def _clear(self, request: Request) -> Reply:
        name = self._name(request)
        known, label = self._book.get(name), self._words.label(name)
        if known is None:
            return Reply(self._text(_NO_SUCH, list=label), ok=False)
        if not known.things:
            return Reply(self._text(_EMPTY, list=label), ok=False)
        run = partial(self._book.restore, NamedList(name))
        act = Act("list.clear", name, len(known.things), run, partial(self._book.restore, known))
        cleared = Reply(self._text(_CLEARED, list=label), (act,))
        question = self._text(_SHALL_I_CLEAR, things=self._size(known), list=label)
        return replace(Reply(question, expects_answer=True), if_yes=cleared)

    def _size(self, known: NamedList) -> str:
        return self._text(_THINGS, count=len(known.things))

    def _name(self, request: Request) -> str:
        """The name of the list that is meant, whether it is there or not."""
        said = slots.text(request.slots, "name")
        if said is None:
            return SHOPPING
        name = self._words.name(said)
        same = [each.name for each in self._book.lists if self._words.key(each.name) == self._words.key(name)]
        return same[0] if same else name


def _numbered(known: NamedList, number: float) -> str | None:
    """A thing by its place: from 1, or -1 for the last."""
    place = int(number) - 1 if number > 0 else int(number)
    return known.things[place] if -len(known.things) <= place < len(known.things) else None
