"""The gRPC face of the updater: every method of update.proto, nothing else."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import grpc

from common.errors import SottoError
from common.metrics import Counter
from services.proto.sotto.v1 import update_pb2 as pb
from services.proto.sotto.v1 import update_pb2_grpc as rpc
from services.updated.progress import Overview, Step
from services.updated.state import BootVerdict, State
from services.updated.updater import Updater
from services.wire.status import abort

log = logging.getLogger(__name__)

_Response = TypeVar("_Response")
CHECKS = Counter("sotto_update_checks_total", "Answered looks at the source, by what was found", ("found",))
STEPS = Counter("sotto_update_steps_total", "Steps of updates, but for downloads", ("step",))
#: Steps waiting for a slow caller; older ones make room, as only the latest counts.
_QUEUED = 100


class UpdateService(rpc.UpdateServicer):
    """Serves one `Updater`; every typed error ends its call with the status that belongs to it."""

    def __init__(self, updater: Updater) -> None:
        self._updater = updater

    def Check(self, request: pb.CheckRequest, context: grpc.ServicerContext) -> pb.CheckResponse:  # noqa: N802
        """Look at the source."""

        def work() -> pb.CheckResponse:
            checked = self._updater.check(request.source)
            release = checked.choice.release
            CHECKS.inc("version" if release else "nothing")
            return pb.CheckResponse(
                running=self._updater.running,
                available=release.version if release else "",
                text=checked.choice.reason,
                source=checked.source,
            )

        return _unary(work, context)

    def Apply(  # noqa: N802
        self, request: pb.ApplyRequest, context: grpc.ServicerContext
    ) -> Iterator[pb.ApplyProgress]:
        """Install an update; it goes on in its own thread when the caller leaves."""
        steps: queue.Queue[Step | SottoError | None] = queue.Queue()

        def report(step: Step) -> None:
            if step.stage != "download":
                STEPS.inc(step.stage)
            if steps.qsize() < _QUEUED or step.stage != "download":
                steps.put(step)

        def work() -> None:
            try:
                self._updater.apply(report, request.source, request.version, reboot=request.reboot)
            except SottoError as error:
                log.warning("the update was not installed: %s", error)
                steps.put(error)
            except Exception as error:
                log.exception("the update was not installed")
                steps.put(SottoError(f"the update failed: {error}", hint="look into the journal"))
            finally:
                steps.put(None)

        threading.Thread(target=work, name="apply", daemon=True).start()
        while (step := steps.get()) is not None:
            if isinstance(step, SottoError):
                abort(context, step)
                return
            yield _progress(step)

    def Status(self, request: pb.StatusRequest, context: grpc.ServicerContext) -> pb.UpdateStatus:  # noqa: N802
        """Where the box stands."""
        return _unary(lambda: status_to_wire(self._updater.overview()), context)

    def Rollback(  # noqa: N802
        self, request: pb.RollbackRequest, context: grpc.ServicerContext
    ) -> pb.RollbackResponse:
        """Back to the other slot."""

        def work() -> pb.RollbackResponse:
            plan = self._updater.rollback(reboot=request.reboot)
            return pb.RollbackResponse(version=plan.version, text=plan.text)

        return _unary(work, context)


def status_to_wire(now: Overview) -> pb.UpdateStatus:
    """An overview as a message; what never was stays absent."""
    state = now.state
    message = pb.UpdateStatus(
        running=now.running,
        slot=now.slot,
        boot=now.boot,
        other=now.other,
        staged=state.staged,
        text=now.text,
        source=now.source,
        rolled_back=[
            pb.RolledBackVersion(version=entry.version, reason=entry.reason, time=entry.at)
            for entry in state.rolled_back
        ],
        problem=now.problem,
    )
    _add_history(message, state)
    if now.step is not None:
        message.running_update.CopyFrom(_progress(now.step))
    return message


def _add_history(message: pb.UpdateStatus, state: State) -> None:
    if (check := state.check) is not None:
        message.last_check.CopyFrom(
            pb.CheckResult(source=check.source, available=check.version, text=check.text, time=check.at)
        )
    if state.trial is not None:
        message.last_trial.CopyFrom(_verdict(state.trial))
    if state.boot is not None:
        message.last_boot.CopyFrom(_verdict(state.boot))
    if (back := state.fallback) is not None:
        message.fallback.CopyFrom(
            pb.Fallback(failed=back.failed, running=back.running, text=back.text, time=back.at)
        )
    if (good := state.good) is not None:
        message.last_good.CopyFrom(
            pb.GoodFigures(
                version=good.version, compute_ms=dict(good.compute_ms), cards=good.cards, time=good.at
            )
        )


def _verdict(verdict: BootVerdict) -> pb.BootVerdict:
    return pb.BootVerdict(
        version=verdict.version,
        passed=verdict.passed,
        on_trial=verdict.on_trial,
        reasons=verdict.reasons,
        time=verdict.at,
    )


def _progress(step: Step) -> pb.ApplyProgress:
    return pb.ApplyProgress(
        stage=step.stage,
        text=step.text,
        version=step.version,
        bytes_done=step.done,
        bytes_total=step.total,
    )


def _unary(work: Callable[[], _Response], context: grpc.ServicerContext) -> _Response:
    try:
        return work()
    except SottoError as error:
        abort(context, error)
        raise
