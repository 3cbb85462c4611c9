"""Speech: recogniser, synthesiser, speech cache."""
