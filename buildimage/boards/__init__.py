"""The boards that an image can be made for: one TOML file each, named like the board.

A board takes the architecture's image as it is. What its own firmware wants to find on the boot partition
besides is listed in its file and comes from locked packages. The keys:

- `about`: for people.
- `arch`: "x86-64" or "arm64".
- `default`: true for the board that ARCH= alone means; one for each architecture.
- `packages`: packages that files come from. They are locked with those of the architecture, and not
  installed.
- `[[file]]`: `package`, its name in the lock (a pattern as in a shell); `from`, the path inside it; `to`, the
  path on the boot partition.
- `[[text]]`: `to`, the path on the boot partition; `content` of that file.
"""
