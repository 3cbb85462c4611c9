"""Hardware: which accelerators and CPU features this machine really has, and how far each can be used."""
