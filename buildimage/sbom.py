"""The bill of materials: SPDX 2.3, every package, wheel and model with its version and digest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from buildimage.inputs import Locks
from buildimage.locks import Wheel, read_debs, read_wheels

#: Of the document, so that the same image has the same one; see build.EPOCH.
_CREATED = 1763769600


def spdx(packages: Iterable[Mapping[str, str]], locks: Locks, version: str, arch: str) -> dict[str, Any]:
    """The SPDX document of an image.

    Args:
        packages: of mkosi's manifest: name, version, architecture.
        locks: give the digests, and the wheels and models.
        version: of the image.
        arch: "x86-64" or "arm64".
    """
    digests = {(deb.name, deb.version): deb.sha256 for deb in read_debs(locks.debs(arch))}
    parts = [_part("sotto", version, "generic", None)]
    seen = set()
    for package in packages:
        key = (package["name"], package["version"])
        if key not in seen:
            seen.add(key)
            parts.append(_part(*key, "deb/debian", digests.get(key), package["architecture"]))
    for wheel in _wheels(locks, arch):
        parts.append(_part(wheel.name, wheel.version, "pypi", wheel.sha256))
    return {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"sotto-{version}-{arch}",
        "documentNamespace": f"urn:sotto:sbom:{quote(version)}:{arch}",
        "creationInfo": {
            "created": datetime.fromtimestamp(_CREATED, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": ["Tool: sotto-buildimage"],
        },
        "packages": parts,
        "relationships": [
            {
                "spdxElementId": "SPDXRef-DOCUMENT",
                "relationshipType": "DESCRIBES",
                "relatedSpdxElement": parts[0]["SPDXID"],
            },
            *(
                {
                    "spdxElementId": parts[0]["SPDXID"],
                    "relationshipType": "CONTAINS",
                    "relatedSpdxElement": part["SPDXID"],
                }
                for part in parts[1:]
            ),
        ],
    }


def _wheels(locks: Locks, arch: str) -> list[Wheel]:
    """Wheels of the image and those that carry models, each once."""
    both = (*read_wheels(locks.wheels(arch)), *read_wheels(locks.models))
    return list({wheel.sha256: wheel for wheel in both}.values())


def _part(name: str, version: str, kind: str, digest: str | None, architecture: str = "") -> dict[str, Any]:
    # Package URLs escape all but letters, digits and ".-_~:"; SPDX's own names have "." and "-" alone. Two
    # wheels may have a name and version in common, so that only the digest tells them apart.
    locator = f"pkg:{kind}/{quote(name, safe='')}@{quote(version, safe=':')}"
    locator += f"?arch={architecture}" if architecture else ""
    unique = hashlib.sha256(f"{locator} {digest}".encode()).hexdigest()[:8]
    slug = re.sub(r"[^A-Za-z0-9.]+", "-", f"{kind}-{name}-{version}")
    part: dict[str, Any] = {
        "SPDXID": f"SPDXRef-{slug}-{unique}",
        "name": name,
        "versionInfo": version,
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": locator}
        ],
    }
    if digest:
        part["checksums"] = [{"algorithm": "SHA256", "checksumValue": digest}]
    return part
