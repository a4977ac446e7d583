"""Front ends for people: what to enter in them, and whether a target can be asked from one."""
