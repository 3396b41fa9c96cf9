"""The HTTP door, in WAHA's shapes. Thin: validate, ask the service, answer in the shape that clients know."""

from tuntas.api.app import create_app
from tuntas.api.context import ApiContext

__all__ = ["ApiContext", "create_app"]
