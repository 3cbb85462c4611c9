"""The endpoints of the REST interface: each module here has a tuple `ENDPOINTS`, and is found by itself.

A new endpoint is a new module. Its route, the check of its scope and its place in the OpenAPI description
are all made from its `services.gatewayd.endpoint.Endpoint`. Where its body or its answer is a message that
the wire contract does not have yet, `services/proto/sotto/v1` is the second file.
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from common.errors import Conflict, InvalidInput
from services.gatewayd.endpoint import Endpoint


def find_endpoints() -> tuple[Endpoint, ...]:
    """The endpoints of all modules of this package, by the names of the modules.

    Raises:
        InvalidInput: a module has no `ENDPOINTS`.
        Conflict: two endpoints have the same method and path.
    """
    found: dict[tuple[str, str], Endpoint] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__)):
        endpoints = getattr(import_module(f"{__name__}.{name}"), "ENDPOINTS", None)
        if not isinstance(endpoints, tuple):
            raise InvalidInput(
                f"{__name__}.{name} has no endpoints",
                hint="give it a tuple ENDPOINTS, or move it out of this package",
                code="gateway.endpoints",
            )
        for endpoint in endpoints:
            key = (endpoint.method, endpoint.path)
            if key in found:
                raise Conflict(
                    f"{__name__}.{name} has a second {endpoint.method} {endpoint.path}",
                    hint="use another path",
                    code="gateway.endpoints",
                )
            found[key] = endpoint
    return tuple(found.values())
