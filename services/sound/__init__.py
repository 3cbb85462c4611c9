"""sotto-sound: finds the right card by measurement and leads the assistant to it through PipeWire."""
