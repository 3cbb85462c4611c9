"""`make soak`: hours of simulated use with faults in between, checked all the time."""
