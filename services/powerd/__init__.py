"""powerd: the one root process; applies power decisions, and speaks D-Bus."""
