"""A testbed of umockdev's own library, which does what lines of JSON on its input say.

It runs under Debian's Python, which has the bindings, and imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import gi

gi.require_version("UMockdev", "1.0")
from gi.repository import UMockdev  # noqa: E402


def _flat(pairs: dict[str, str]) -> list[str]:
    return [word for pair in pairs.items() for word in pair]


def main() -> None:
    """Print where the testbed lies, then obey until the input ends."""
    bed = UMockdev.Testbed.new()
    print(json.dumps({"answer": bed.get_root_dir()}), flush=True)
    for line in sys.stdin:
        order: dict[str, Any] = json.loads(line)
        answer = ""
        match order["do"]:
            case "add":
                device = (order["subsystem"], order["name"], None)
                answer = bed.add_device(*device, _flat(order["attributes"]), _flat(order["properties"]))
            case "set":
                bed.set_attribute(order["device"], order["attribute"], order["value"])
                bed.uevent(order["device"], "change")
            case "load":
                bed.add_from_string(order["description"])
            case "event":
                bed.uevent(order["device"], order["action"])
            case "remove":
                bed.uevent(order["device"], "remove")
                bed.remove_device(order["device"])
        print(json.dumps({"answer": answer}), flush=True)


if __name__ == "__main__":
    main()
