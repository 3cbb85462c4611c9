"""Tests of the counting of traffic."""
