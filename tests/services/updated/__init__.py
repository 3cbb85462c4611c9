"""Tests of the updater."""
