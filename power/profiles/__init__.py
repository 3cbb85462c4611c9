"""Power profiles: one TOML file each. The files in this folder are built in; an owner may add more."""
