"""Lines that belong to no skill; their texts stand in sentences/LANGUAGE/common.yaml."""

from __future__ import annotations

from assistant.skills.lines import WordList, line

#: The text is outside the grammar.
NOT_UNDERSTOOD = line("common.not_understood")
#: A turn failed for no reason that can be said.
FAILED = line("common.failed")
#: A skill failed so.
SKILL_FAILED = line("common.skill_failed")
#: An error that can be said.
SORRY = line("common.sorry", "message")
#: An act was done, but not saved.
NOT_SAVED = line("common.not_saved")

NOTHING_SAID = line("common.nothing_said")
NOTHING_ASKED = line("common.nothing_asked")
NO_LENGTH_ASKED = line("common.no_length_asked")
DECLINED = line("common.declined")

#: A hub that answers instead of the box does not, is gone, or says that it cannot.
HUB_SILENT = line("common.hub_silent")
HUB_GONE = line("common.hub_gone")
HUB_FAILED = line("common.hub_failed")

#: Phrases that end a reply while the box is speaking; the first is a sentence of the grammar too.
STOP = WordList("common.stop")
