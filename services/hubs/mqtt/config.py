"""A discovery payload of Home Assistant, with its abbreviations written out. Pure.

The names are those of Home Assistant's documentation of MQTT discovery.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from services.hubs.mqtt.entity import is_topic
from services.hubs.mqtt.template import Template, UnsupportedTemplateError, parse
from services.hubs.values import number

#: Abbreviation -> name, of what is used here.
_LONG = {
    "act_stat_t": "activity_state_topic", "act_val_tpl": "activity_value_template",
    "cod_arm_req": "code_arm_required",
    "curr_hum_t": "current_humidity_topic", "curr_hum_tpl": "current_humidity_template",
    "dock_cmd_t": "dock_command_topic", "dock_cmd_tpl": "dock_command_template",
    "hum_cmd_t": "target_humidity_command_topic", "hum_cmd_tpl": "target_humidity_command_template",
    "hum_stat_t": "target_humidity_state_topic", "hum_stat_tpl": "target_humidity_state_template",
    "hum_state_tpl": "target_humidity_state_template",
    "max_hum": "max_humidity", "min_hum": "min_humidity",
    "pause_cmd_t": "pause_command_topic", "pause_mw_cmd_t": "pause_command_topic",
    "pause_mw_cmd_tpl": "pause_command_template",
    "pl_arm_away": "payload_arm_away", "pl_arm_home": "payload_arm_home",
    "pl_arm_nite": "payload_arm_night", "pl_arm_vacation": "payload_arm_vacation",
    "pl_disarm": "payload_disarm", "pl_loc": "payload_locate", "pl_paus": "payload_pause",
    "pl_ret": "payload_return_to_base", "pl_stop": "payload_stop", "pl_strt": "payload_start",
    "strt_mw_cmd_t": "start_mowing_command_topic", "strt_mw_cmd_tpl": "start_mowing_command_template",
    "sup_feat": "supported_features",
    "avty": "availability", "avty_mode": "availability_mode", "avty_t": "availability_topic",
    "avty_tpl": "availability_template", "bri_cmd_t": "brightness_command_topic",
    "bri_cmd_tpl": "brightness_command_template", "bri_scl": "brightness_scale",
    "bri_stat_t": "brightness_state_topic", "bri_val_tpl": "brightness_value_template",
    "clr_temp_cmd_t": "color_temp_command_topic", "clr_temp_cmd_tpl": "color_temp_command_template",
    "clr_temp_k": "color_temp_kelvin", "clr_temp_stat_t": "color_temp_state_topic",
    "clr_temp_val_tpl": "color_temp_value_template", "cmd_t": "command_topic", "cmd_tpl": "command_template",
    "cmps": "components", "cmd_off_tpl": "command_off_template", "cmd_on_tpl": "command_on_template",
    "cns": "connections", "curr_temp_t": "current_temperature_topic",
    "curr_temp_tpl": "current_temperature_template", "def_ent_id": "default_entity_id",
    "dev": "device", "dev_cla": "device_class", "ent_cat": "entity_category",
    "exp_aft": "expire_after", "hs_cmd_t": "hs_command_topic", "hs_cmd_tpl": "hs_command_template",
    "hs_stat_t": "hs_state_topic",
    "hs_val_tpl": "hs_value_template", "max_k": "max_kelvin", "max_mirs": "max_mireds",
    "min_k": "min_kelvin", "min_mirs": "min_mireds", "migr_discvry": "migrate_discovery",
    "mode_cmd_t": "mode_command_topic",
    "mode_cmd_tpl": "mode_command_template",
    "mode_stat_t": "mode_state_topic", "mode_stat_tpl": "mode_state_template",
    "obj_id": "object_id", "off_dly": "off_delay", "on_cmd_type": "on_command_type", "p": "platform",
    "pct_cmd_t": "percentage_command_topic",
    "pct_cmd_tpl": "percentage_command_template", "pct_stat_t": "percentage_state_topic",
    "pct_val_tpl": "percentage_value_template", "pl_avail": "payload_available", "pl_cls": "payload_close",
    "pl_lock": "payload_lock", "pl_not_avail": "payload_not_available", "pl_off": "payload_off",
    "pl_on": "payload_on", "pl_prs": "payload_press", "pl_open": "payload_open", "pl_unlk": "payload_unlock",
    "pos_clsd": "position_closed",
    "pos_open": "position_open", "pos_t": "position_topic", "pos_tpl": "position_template",
    "pow_cmd_t": "power_command_topic", "pow_cmd_tpl": "power_command_template",
    "rgb_cmd_t": "rgb_command_topic", "rgb_cmd_tpl": "rgb_command_template", "rgb_stat_t": "rgb_state_topic",
    "rgb_val_tpl": "rgb_value_template", "rgbw_cmd_t": "rgbw_command_topic",
    "rgbww_cmd_t": "rgbww_command_topic", "set_pos_t": "set_position_topic",
    "set_pos_tpl": "set_position_template",
    "spd_rng_max": "speed_range_max", "spd_rng_min": "speed_range_min", "stat_clsd": "state_closed",
    "stat_locked": "state_locked", "stat_off": "state_off", "stat_on": "state_on", "stat_open": "state_open",
    "stat_t": "state_topic", "stat_tpl": "state_template",
    "stat_unlocked": "state_unlocked", "stat_val_tpl": "state_value_template",
    "sup_clrm": "supported_color_modes", "t": "topic", "temp_cmd_t": "temperature_command_topic",
    "temp_cmd_tpl": "temperature_command_template", "temp_stat_t": "temperature_state_topic",
    "temp_stat_tpl": "temperature_state_template", "temp_unit": "temperature_unit", "uniq_id": "unique_id",
    "unit_of_meas": "unit_of_measurement",
    "val_tpl": "value_template", "xy_cmd_t": "xy_command_topic", "ids": "identifiers", "sa": "suggested_area",
}  # fmt: skip
_NESTED = ("device", "availability")
#: Payloads and templates that are longer are not used.
_MAX_TEXT = 1000
#: Words of a yes or a no, as Home Assistant takes them.
_YES = frozenset({"true", "yes", "on", "enable", "1"})
_NO = frozenset({"false", "no", "off", "disable", "0"})


class BadConfigError(ValueError):
    """A discovery payload that no device comes of; the message tells why."""


class Config:
    """One payload, key by key. A key that is absent or null has its default.

    All methods but `table`, `tables` and `lists` raise BadConfigError for a value that is of another kind.
    """

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __contains__(self, key: str) -> bool:
        return self.values.get(key) is not None

    def refuses(self, key: str) -> bool:
        """Whether it is null, which says of some commands that the device does not take them."""
        return key in self.values and self.values[key] is None

    def text(self, key: str, default: str = "") -> str:
        """A text; other plain values as Home Assistant writes them."""
        value = self.values.get(key)
        if value is None:
            return default
        if isinstance(value, dict | list) or len(str(value)) > _MAX_TEXT:
            raise BadConfigError(f"{key} is no text that can be used")
        return str(value)

    def number(self, key: str, default: float, low: float = -1e6, high: float = 1e6) -> float:
        """A number between `low` and `high`."""
        if key not in self:
            return default
        found = number(self.values.get(key), low, high)
        if found is None:
            raise BadConfigError(f"{key} {str(self.values[key])[:20]!r} is no number that can be used")
        return found

    def flag(self, key: str, default: bool = False) -> bool:
        """Whether it is set."""
        word = self.text(key, str(default)).lower()
        if word not in _YES | _NO:
            raise BadConfigError(f"{key} {word[:20]!r} is neither true nor false")
        return word in _YES

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one."""
        value = self.values.get(key)
        if not isinstance(value, list | str | None):
            raise BadConfigError(f"{key} is no list")
        rows = value if isinstance(value, list) else [value]
        return tuple(row for row in rows[:50] if isinstance(row, str))

    def table(self, key: str) -> Config:
        """A table inside; an empty one where there is none."""
        value = self.values.get(key)
        return Config(value if isinstance(value, dict) else {})

    def tables(self, key: str) -> tuple[Config, ...]:
        """A list of tables, or one."""
        value = self.values.get(key)
        rows = value if isinstance(value, list) else [value]
        return tuple(Config(row) for row in rows[:20] if isinstance(row, dict))

    def lists(self, key: str) -> tuple[list[Any], ...]:
        """A list of lists."""
        value = self.values.get(key)
        return tuple(row for row in value[:20] if isinstance(row, list)) if isinstance(value, list) else ()

    def topic(self, key: str) -> str:
        """A topic, or "" where there is none.

        Raises:
            BadConfigError: it is none that can be used.
        """
        found = self.text(key)
        if found and not is_topic(found):
            raise BadConfigError(f"{key} {found[:60]!r} is no topic")
        return found

    def needed(self, key: str) -> str:
        """A topic that must be there.

        Raises:
            BadConfigError: it is not, or is none.
        """
        found = self.topic(key)
        if not found:
            raise BadConfigError(f"{key} is missing")
        return found

    def template(self, key: str) -> Template:
        """A template that picks a value.

        Raises:
            template.UnsupportedTemplateError: it does more.
        """
        try:
            return parse(self.text(key))
        except UnsupportedTemplateError as error:
            raise UnsupportedTemplateError(f"{key}: {error}") from error


def long_form(values: Mapping[str, Any]) -> dict[str, Any]:
    """All keys by their long names, and `~` written out in topics."""
    written = {_LONG.get(key, key): value for key, value in values.items() if isinstance(key, str)}
    for key in _NESTED:
        value = written.get(key)
        if isinstance(value, dict):
            written[key] = {_LONG.get(k, k): v for k, v in value.items()}
        elif isinstance(value, list):
            written[key] = [
                {_LONG.get(k, k): v for k, v in row.items()} for row in value if isinstance(row, dict)
            ]
    base = written.get("~")
    return _with_base(written, base) if isinstance(base, str) else written


def _with_base(written: dict[str, Any], base: str) -> dict[str, Any]:
    def full(key: str, value: Any) -> Any:
        if not isinstance(value, str) or not key.endswith("topic"):
            return value
        if value.startswith("~"):
            return base + value[1:]
        return value[:-1] + base if value.endswith("~") else value

    rows = written.get("availability")
    if isinstance(rows, dict | list):
        rows = rows if isinstance(rows, list) else [rows]
        written["availability"] = [{k: full(k, v) for k, v in row.items()} for row in rows]
    return {key: full(key, value) for key, value in written.items()}
