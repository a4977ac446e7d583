"""An honest Kimi API as an ASGI application, and the lies that it can be told to tell.

It stands apart from everything that judges: it knows only the catalogue and the nouns, so that it is able to be wrong.
"""

from conformance.reference.app import create_app
from conformance.reference.faults import faults

__all__ = ["create_app", "faults"]
