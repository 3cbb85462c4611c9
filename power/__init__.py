"""Power: governs clocks and cores."""
