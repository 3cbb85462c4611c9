"""Models: catalogue, store, fetching, preparation."""
