"""People's own code and configuration against the catalogue: ids that are gone or belong to another host, and more."""
