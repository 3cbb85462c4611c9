"""The bill of materials: SPDX 2.3 in its required parts, every part once, with its digest."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from buildimage import build, sbom
from buildimage.inputs import Locks
from buildimage.locks import read_debs

REPOSITORY = Path(__file__).resolve().parents[2]
_A, _B, _C, _D, _E = (digit * 64 for digit in "abcde")
_MANIFEST = (
    {"name": "bash", "version": "5.2.37-2", "architecture": "amd64", "in": "image", "type": "deb"},
    {"name": "libstdc++6", "version": "14.2.0-19", "architecture": "amd64", "in": "image", "type": "deb"},
    {"name": "libstdc++6", "version": "14.2.0-19", "architecture": "amd64", "in": "initrd", "type": "deb"},
    {"name": "ucode", "version": "3:1.2~rc1+b1", "architecture": "all", "in": "image", "type": "deb"},
)


@pytest.fixture
def locks(tmp_path: Path) -> Locks:
    (tmp_path / "debs-arm64.lock").write_text("# nothing\n")
    (tmp_path / "debs-x86-64.lock").write_text(
        f"bash 5.2.37-2 amd64 {_A} 1000 main/bash\nlibstdc++6 14.2.0-19 amd64 {_B} 1000 main/gcc-14\n"
        f"ucode 3:1.2~rc1+b1 all {_C} 1000 main/ucode\n"
    )
    (tmp_path / "wheels-x86-64.lock").write_text(f"vad-2.5.0-py3-none-manylinux2014_x86_64.whl {_D}\n")
    (tmp_path / "models.lock").write_text(f"vad-2.5.0-py3-none-any.whl {_E}\n")
    return Locks(tmp_path)


@pytest.fixture
def document(locks: Locks) -> dict[str, Any]:
    return sbom.spdx(_MANIFEST, locks, "1.2.0", "x86-64")


def test_three_packages_as_they_have_always_been(document: dict[str, Any]) -> None:
    described = [
        (
            part["name"],
            part["versionInfo"],
            part["externalRefs"][0]["referenceLocator"],
            part.get("checksums"),
        )
        for part in document["packages"]
    ]

    def digest(value: str) -> list[dict[str, str]]:
        return [{"algorithm": "SHA256", "checksumValue": value}]

    assert described == [
        ("sotto", "1.2.0", "pkg:generic/sotto@1.2.0", None),
        ("bash", "5.2.37-2", "pkg:deb/debian/bash@5.2.37-2?arch=amd64", digest(_A)),
        ("libstdc++6", "14.2.0-19", "pkg:deb/debian/libstdc%2B%2B6@14.2.0-19?arch=amd64", digest(_B)),
        ("ucode", "3:1.2~rc1+b1", "pkg:deb/debian/ucode@3:1.2~rc1%2Bb1?arch=all", digest(_C)),
        ("vad", "2.5.0", "pkg:pypi/vad@2.5.0", digest(_D)),
        ("vad", "2.5.0", "pkg:pypi/vad@2.5.0", digest(_E)),
    ]


def test_the_head_is_that_of_spdx_2_3(document: dict[str, Any]) -> None:
    head = {key: value for key, value in document.items() if key not in ("packages", "relationships")}
    assert head == {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "sotto-1.2.0-x86-64",
        "documentNamespace": "urn:sotto:sbom:1.2.0:x86-64",
        "creationInfo": {"created": "2025-11-22T00:00:00Z", "creators": ["Tool: sotto-buildimage"]},
    }


def _check(document: dict[str, Any]) -> None:
    """What SPDX 2.3 demands of packages (clauses 7.1, 7.2, 7.7, 7.10) and relationships (11.1)."""
    identifiers = [part["SPDXID"] for part in document["packages"]]
    assert len(set(identifiers)) == len(identifiers), "an identifier twice"
    for part in document["packages"]:
        assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", part["SPDXID"])
        assert part["name"]
        assert part["downloadLocation"] == "NOASSERTION"
        for checksum in part.get("checksums", ()):
            assert re.fullmatch(r"[0-9a-f]{64}", checksum["checksumValue"])
        locator = part["externalRefs"][0]["referenceLocator"]
        assert re.fullmatch(
            r"pkg:[a-z]+/(?:[\w.~-]|%[0-9A-F]{2}|/)+@(?:[\w.~:-]|%[0-9A-F]{2})+(\?arch=\w+)?", locator
        )
        assert f"{part['name']}@{part['versionInfo']}" in unquote(locator)
    known = {"SPDXRef-DOCUMENT", *identifiers}
    for relation in document["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= known
    contained = [each["relatedSpdxElement"] for each in document["relationships"]]
    assert contained == identifiers, "each part is related once"
    assert [each["relationshipType"] for each in document["relationships"][:2]] == ["DESCRIBES", "CONTAINS"]


def test_a_small_image_is_valid(document: dict[str, Any]) -> None:
    _check(document)


@pytest.mark.parametrize("arch", ["x86-64", "arm64"])
def test_the_locks_of_this_checkout_are_valid(arch: str) -> None:
    locks = Locks.of(REPOSITORY)
    packages = [
        {"name": deb.name, "version": deb.version, "architecture": deb.architecture}
        for deb in read_debs(locks.debs(arch))
    ]
    document = sbom.spdx(packages, locks, "1.0~rc^1", arch)
    _check(document)
    assert all("checksums" in part for part in document["packages"][1:])


def test_the_same_image_has_the_same_document(locks: Locks, document: dict[str, Any]) -> None:
    again = sbom.spdx(_MANIFEST, locks, "1.2.0", "x86-64")
    assert json.dumps(again) == json.dumps(document)


def test_an_identifier_stays_when_others_come(locks: Locks, document: dict[str, Any]) -> None:
    fewer = sbom.spdx(_MANIFEST[:1], locks, "1.2.0", "x86-64")
    assert {part["SPDXID"] for part in fewer["packages"]} < {part["SPDXID"] for part in document["packages"]}


def test_the_date_is_that_of_everything_in_the_image() -> None:
    assert sbom._CREATED == build.EPOCH
    conf = (REPOSITORY / "buildimage/mkosi/mkosi.conf").read_text()
    assert f"SourceDateEpoch={build.EPOCH}\n" in conf
