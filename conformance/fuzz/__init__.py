"""Schemathesis on schemas/openapi.json: requests that nobody thought of, and what came of them."""
