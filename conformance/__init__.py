"""Judge endpoints that speak Moonshot's Kimi API against its contract."""

__version__ = "0.1.0"
