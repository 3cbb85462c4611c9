"""One turn: from the frames of a stream to the answer and its record."""
