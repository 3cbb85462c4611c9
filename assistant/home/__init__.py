"""The home: areas, devices, their state, and who executes a command."""
