"""The assistant as a program uses it: the running daemon, or the library in this process."""
