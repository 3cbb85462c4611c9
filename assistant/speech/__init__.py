"""Speech: recogniser and synthesiser."""
