"""Whatever stands in connector.toml, the connector has something to follow."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.faults import Faults
from services.connectord.main import read_hub
from tests.bad_files import VALUES, contents

SOUND = 'kind = "mqtt"\nurl = "mqtt://192.0.2.1"\nuser = "box"\nbox_area = "den"\n'
_KEYS = ("kind", "url", "user", "secret_file", "ca_file", "box_area", "unit", "discovery", "zigbee2mqtt", "x")
_SPOILT = st.builds("{}{} = {}\n".format, st.just(SOUND), st.sampled_from(_KEYS[3:]), st.sampled_from(VALUES))


@given(st.one_of(contents(SOUND, _KEYS), _SPOILT.map(str.encode)))
def test_any_file_names_a_hub_or_has_a_fault(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "connector.toml"
    file.write_bytes(data)
    faults = Faults()

    async def read() -> bool:
        return read_hub(file, faults).usable

    assert asyncio.run(read()) or faults.all()
