"""Trust in a hub whose connection is encrypted."""

from __future__ import annotations

import ssl
from pathlib import Path

from common.errors import InvalidInput


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Certificates must be signed by a public authority or, if `ca_file` is given, by what is in it.

    Raises:
        InvalidInput: the file cannot be read, or holds no certificate.
    """
    if ca_file is None:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise InvalidInput(
            f"{ca_file} cannot be used as a certificate: {error}",
            hint="ca_file is a file in PEM form",
            code="connector.ca",
        ) from error
