"""Kinds of smart-home hubs: one package each, and one line in `kinds`. connectord runs them."""
