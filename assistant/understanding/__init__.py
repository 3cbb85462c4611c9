"""Understanding: sentences, grammar, prefixes."""
