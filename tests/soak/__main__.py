"""`make soak HOURS=n`: JSON and a picture under build/bench; status 1 where a promise was not kept."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.soak.picture import draw
from tests.soak.soak import soak


def report(seen: dict[str, Any]) -> None:
    """The figures for people."""
    print(seen["machine"])
    calls, changes = sum(seen["calls"].values()), seen["acknowledged_timers"]
    print(
        f"{seen['hours']:g} h, seed {seen['seed']}: {calls} calls, {changes} acknowledged changes of timers"
    )
    print(f"faults: {', '.join(f'{name} {count}' for name, count in sorted(seen['faults'].items()))}")
    for name, reason in seen["faults_left_out"].items():
        print(f"not injected: {name} ({reason})")
    print(f"failed calls: {seen['failed_during_faults']} during faults, {seen['failed_in_calm']} otherwise")
    for span in seen["heard"]:
        figures = f"{span['turns']} turns, p50 {span['p50_ms']:g} ms, p95 {span['p95_ms']:g} ms"
        print(f"heard from {span['from_s'] / 60:.0f} min on: {figures}")
    for life in seen["growth"]:
        print(f"{life['daemon']}, per hour over {life['hours']:g} h: {life['per_hour']}")
    for kind in ("broken", "missed"):
        for problem in seen[kind]:
            print(f"{kind}: {problem}")
    print(_summary(seen))


def _summary(seen: dict[str, Any]) -> str:
    broken, missed = len(seen["broken"]), len(seen["missed"])
    return f"{broken} promises broken, {missed} figures missed" if broken or missed else "clean"


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--seed", type=int, default=1, help="of the random order of faults and users")
    parser.add_argument("--out", type=Path, default=Path("build/bench"), metavar="DIR")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    seen = soak(options.hours, options.seed)
    (options.out / "soak.json").write_text(json.dumps(seen, indent=1) + "\n")
    draw(seen, options.out / "soak.png")
    report(seen)
    print(f"written: {options.out / 'soak.json'}, {options.out / 'soak.png'}")
    return 1 if seen["broken"] or seen["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
