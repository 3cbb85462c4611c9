"""Run in a network namespace: a Home Assistant looks for the box, and its owner takes what it finds.

python -m tests.hub.look_around FOLDER PORT; prints what was found, JSON, and ends.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.hub.home_assistant import HomeAssistant

#: The services and the room.
WANTED = 2


def main(folder: str, port: str) -> None:
    """Print the results of accepting all that was found, and the satellites there are then."""
    hub = HomeAssistant(Path(folder), int(port), looking=True)
    try:
        hub.start()
        hub.onboard()
        hub.wait(lambda: len(hub.discovered()) >= WANTED, "discovery", 60.0)
        made = [hub.accept(flow) for flow in hub.discovered()]
        hub.wait(lambda: hub.entities("assist_satellite") and hub.entities("stt"), "their entities")
        told = [{key: entry[key] for key in ("type", "title")} for entry in made]
        satellites, recognisers = (hub.entities(domain) for domain in ("assist_satellite", "stt"))
        print(json.dumps({"made": told, "satellites": satellites, "recognisers": recognisers}), flush=True)
    finally:
        hub.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
