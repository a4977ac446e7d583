"""Every check is proven able to fail: mutants made from the schemas, lies of the reference server, the kill table."""
