"""Devices on an MQTT broker: Home Assistant's discovery, and zigbee2mqtt."""
