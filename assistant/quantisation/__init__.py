"""Quantisation: smaller weights for a model, within a budget of accuracy. For a workbench only."""
