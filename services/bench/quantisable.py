"""The models that `sotto quantise` knows by name, with the data and the task that belong to them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx

from assistant.assistant import Assistant
from assistant.audio.files import read_audio
from assistant.models.catalogue import by_task
from assistant.models.progress import Progress, silent
from assistant.models.store import PARTS, ModelStore
from assistant.quantisation.calibration import Data, Feed, fitted, forms_of, text_feeds
from assistant.quantisation.examples import examples_dir, minilm_example
from assistant.quantisation.model_file import read_model
from assistant.quantisation.recogniser import recorded_feeds, store_with
from assistant.quantisation.sentences import Labelled, read_sentences
from assistant.quantisation.tasks import NearestCentroid, Points, Task, TopOne
from assistant.quantisation.wordpiece import WordPiece, read_vocabulary
from assistant.settings import Settings
from assistant.skills.volume_control import SavedVolume
from common.paths import models_dir
from services.bench.accuracy import first, noisy
from services.bench.neutral import NeutralSkill
from services.bench.recordings import Clip, clips_of
from services.bench.whole import spoken_slots, turns_of

MINILM = "minilm"
#: Graphs of the recognisers.
RECOGNISER = tuple(f"{entry.name}-{part}" for entry in by_task("asr") for part in PARTS["asr"])
NAMES = (MINILM, *RECOGNISER)

#: Sentences, and recorded commands, that are calibrated with.
_CALIBRATED = 64
_CALIBRATED_CLIPS = 20
#: Commands that the search measures with; the result is judged by all of them.
_SEARCHED_CLIPS = 60
#: Signal to noise ratios at which commands are judged besides quiet, dB.
_SNRS = (12, 6)


@dataclass(frozen=True)
class Subject:
    """A model with what it is calibrated and judged by.

    Attributes:
        title: its name.
        model: the graph.
        calibration: examples.
        task: given model -> what decides; None for the agreement of the outputs.
        search_task: given model -> what the search measures with, if that is something else.
    """

    title: str
    model: onnx.ModelProto
    calibration: tuple[Feed, ...]
    task: Callable[[Path], Task] | None = None
    search_task: Callable[[Path], Task] | None = None


def minilm_subject(
    labels: Path, queries: int | None = None, root: Path | None = None, progress: Progress = silent
) -> Subject:
    """MiniLM, judged by the intents of labelled sentences.

    Args:
        labels: see `read_sentences`.
        queries: at most so many sentences of each label are judged; None for all.
        root: folder of the examples; None for the machine's.
        progress: called while the model is fetched.

    Raises:
        ModelError: it could not be fetched.
        NotFound, InvalidInput: the sentences cannot be used.
    """
    model, vocabulary = minilm_example(root or examples_dir(), progress)
    return sentence_subject(MINILM, model, labels, queries, read_vocabulary(vocabulary))


def sentence_subject(
    title: str,
    model: onnx.ModelProto,
    labels: Path,
    queries: int | None,
    tokeniser: WordPiece | None,
    data: Data | None = None,
) -> Subject:
    """A model that makes vectors of sentences, judged by their labels.

    Args:
        title: its name.
        model: takes tokens; its first output is the vector.
        labels: see `read_sentences`.
        queries: at most so many sentences of each label are judged; None for all.
        tokeniser: of the model.
        data: what is calibrated with; None for the sentences that the labels are learnt by.

    Raises:
        NotFound, InvalidInput: the sentences cannot be used.
    """
    chosen = read_sentences(labels, queries=queries)
    forms = forms_of(model)

    def feeds(sentences: Sequence[Labelled]) -> tuple[Feed, ...]:
        return fitted(text_feeds([each.text for each in sentences], forms, tokeniser), forms, labels)

    shots = feeds(chosen.shots)
    task = NearestCentroid(
        shots,
        [each.label for each in chosen.shots],
        feeds(chosen.queries),
        [each.label for each in chosen.queries],
        f"{len({each.label for each in chosen.shots})} intents of {labels.name}",
    )
    # Shots stand label by label; a part of them is to have all labels in it.
    calibration = shots[:: max(1, len(shots) // _CALIBRATED)][:_CALIBRATED] if data is None else data.feeds
    return Subject(title, model, calibration, lambda _given: task)


def data_subject(title: str, model: onnx.ModelProto, data: Data, source: Path) -> Subject:
    """A model judged by the labels of its data, or if they have none, by how well its outputs agree.

    Args:
        title: its name.
        model: the model.
        data: from `read_data`.
        source: where the data come from, for reports.
    """
    if data.labels is None:
        return Subject(title, model, data.feeds)
    task = TopOne(data.feeds, data.labels, source.name)
    return Subject(title, model, data.feeds, lambda _given: task)


def recogniser_subject(name: str, speech: Path, limit: int | None = None) -> Subject:
    """A graph of the recogniser, judged by whether real commands are understood.

    Args:
        name: one of `RECOGNISER`.
        speech: folder with `commands` and `noise`.
        limit: use only so many commands.

    Raises:
        NotFound: `bench.no-clips`, there is no such folder.
        ModelError: the models are not prepared.
    """
    root = models_dir()
    clips = clips_of(speech / "commands", limit)
    feeds = recorded_feeds(root, [clip.audio for clip in clips[:: max(1, len(clips) // _CALIBRATED_CLIPS)]])
    # In quiet nearly all of them are understood, so a small loss would not be seen there.
    noise = read_audio(speech / "noise" / "kitchen.wav", max_seconds=200)
    heard = [*clips, *(noisy(clip, noise, snr) for snr in _SNRS for clip in clips)]
    some = heard[:: max(1, len(heard) // _SEARCHED_CLIPS)]
    model = read_model(ModelStore(root).converted_folder / f"{name}.onnx")
    return Subject(
        name,
        model,
        fitted(feeds[name], forms_of(model), speech),
        lambda _given: Commands(name, speech, heard, root),
        lambda _given: Commands(name, speech, some, root),
    )


class Commands:
    """Whether recorded commands are understood, intent and every slot, in their own language.

    Args:
        graph: the graph of the recogniser that is exchanged.
        speech: folder with `commands`, their sentences among them.
        clips: the commands as they are heard.
        root: the model store.
    """

    def __init__(self, graph: str, speech: Path, clips: Sequence[Clip], root: Path) -> None:
        self.name = "real commands understood, every slot right, in quiet and in kitchen noise"
        self._graph = graph
        self._folder = speech / "commands"
        self._clips = clips
        self._root = root

    def points(self, model: Path) -> Points:
        """See `Task`."""
        settings = replace(Settings(), sentences=(self._folder,), builtin_sentences=False)
        with tempfile.TemporaryDirectory(prefix="sotto-") as scratch:
            state, store = Path(scratch) / "state", Path(scratch) / "models"
            state.mkdir()
            store.mkdir()
            store_with(self._root, self._graph, model, store)
            skill = NeutralSkill(self._folder)
            volume = SavedVolume(state / "volume.json")
            assistant = Assistant(settings, store, state, volume, more_skills=(skill,))
            try:
                return np.array([self._is_right(assistant, clip) for clip in self._clips], np.float64)
            finally:
                assistant.close()

    def _is_right(self, assistant: Assistant, clip: Clip) -> bool:
        turn = first(turns_of(assistant, clip.audio, endpointing=False))
        return turn is not None and turn.accepted and spoken_slots(turn) == clip.slots


def labelled_sentences() -> Path:
    """Labelled sentences to judge by: `SOTTO_CLINC150` names a file, else `shared/text` beside the checkout.

    The first is data_full.json or data_small.json of clinc/oos-eval (CC BY 3.0), which is not part of Sotto.
    """
    return Path(os.environ.get("SOTTO_CLINC150") or "../shared/text/slurp-devel.jsonl")


def subject(
    name: str, speech: Path, labels: Path | None, limit: int | None, progress: Progress = silent
) -> Subject:
    """The model of that name.

    Args:
        name: one of `NAMES`.
        speech: folder of real speech, for the recogniser.
        labels: labelled sentences, for MiniLM; None for `labelled_sentences()`.
        limit: sentences of each label, or commands, that are judged at most.

    Raises:
        SottoError: as the functions above.
    """
    if name != MINILM:
        return recogniser_subject(name, speech, limit)
    return minilm_subject(labels or labelled_sentences(), limit, progress=progress)
