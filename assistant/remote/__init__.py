"""Speech that another machine recognises: the paired server of a box, and the boxes of a server."""
