"""Event streams after the WHATWG rules."""
