"""Our own readers and gates under bytes that nobody meant well: what must hold of each, and what drives it there."""
