"""The first boot: the owner's set-up file, the box's own network with a set-up page, the greeting."""
