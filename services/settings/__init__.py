"""Settings files of daemons that the set-up and the command line read as well."""
