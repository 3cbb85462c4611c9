"""Carries the acts of a reply out, and takes them back."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace

from assistant.skills import common_lines as common
from assistant.skills.contract import Act, Reply
from assistant.skills.replies import Replies
from common.errors import SottoError, StorageError

log = logging.getLogger(__name__)

#: After an error of these codes every act that follows would fail in the same way, after seconds of waiting.
_HOPELESS = frozenset({"hub.away", "hub.slow"})


def perform(reply: Reply, replies: Replies) -> Reply:
    """Carry out the acts of `reply`.

    An act that fails does not keep the others from being done: a lamp without power is no reason to leave
    the others on. The first failure is said.

    Args:
        reply: with acts that were not carried out yet.
        replies: for what is said of a failure.

    Returns:
        The reply as it is said, with the acts that were done.
    """
    done: list[Act] = []
    failed: Reply | None = None
    for act in reply.acts:
        try:
            act.run()
        except StorageError as error:
            log.warning("%s was done but not saved: %s", act.name, error)
            unsaved = replies.text(common.NOT_SAVED)
            if unsaved not in reply.text:
                reply = replace(reply, text=f"{reply.text} {unsaved}".lstrip())
        except SottoError as error:
            log.warning("%s failed: %s", act.name, error)
            failed = failed or Reply(replies.sorry(error), ok=False)
            if error.code in _HOPELESS:
                break
            continue
        except Exception:
            log.exception("%s failed", act.name)
            failed = failed or Reply(replies.text(common.SKILL_FAILED), ok=False)
            continue
        done.append(act)
    return reply if failed is None else replace(failed, acts=tuple(done))


def undo(acts: Iterable[Act]) -> list[Act]:
    """Take back acts that were carried out, the last first; gives those that could be taken back."""
    undone = []
    for act in reversed(tuple(acts)):
        if act.undo is None:
            continue
        try:
            act.undo()
        except Exception:
            log.exception("%s could not be taken back", act.name)
        else:
            undone.append(act)
    return undone
