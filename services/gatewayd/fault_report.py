"""Reports the faults of the gateway to the assistant, which keeps those of all daemons."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable

from common.errors import SottoError
from common.faults import Fault
from services.gatewayd.upstream import Upstream, one
from services.wire.faults import report_of
from services.wire.metrics import REPORT_S

log = logging.getLogger(__name__)

#: Seconds until the next try when the assistant is absent.
_RETRY_S = 10.0
_CALL_S = 5.0


async def report_faults(upstream: Upstream, faults: Iterable[Fault]) -> None:
    """Report them now and about every minute, because the assistant may start anew; until it is cancelled."""
    report = report_of("gatewayd", faults)
    while True:
        wait_s = REPORT_S
        try:
            await one(upstream.stub.ReportFaults(report, timeout=_CALL_S))
        except SottoError as error:
            log.debug("faults were not reported: %s", error)
            wait_s = _RETRY_S
        await asyncio.sleep(wait_s)
