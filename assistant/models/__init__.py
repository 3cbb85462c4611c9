"""The models: catalogue, store, fetching, preparation."""
