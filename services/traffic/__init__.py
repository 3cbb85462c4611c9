"""What left this box: the figures that netcount takes and `sotto network` shows."""
