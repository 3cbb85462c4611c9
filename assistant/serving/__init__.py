"""Serving: engines open the models and run them."""
