"""Scheduling: which device runs a job, and when."""
