"""What the command line and other programs call: the assistant, as daemon or library, and powerd."""
