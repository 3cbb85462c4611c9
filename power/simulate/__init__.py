"""A simulator: days of a voice box on modelled machines, under our policy and the kernel's governors."""
