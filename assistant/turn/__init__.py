"""A turn: from the frames of a stream to the reply and its record."""
