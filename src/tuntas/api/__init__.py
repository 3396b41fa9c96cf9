"""The HTTP door, in WAHA's shapes. Thin: validate, ask the service, answer in the shape that clients know."""

from tuntas.api.app import create_app
from tuntas.api.context import Gateway

__all__ = ["Gateway", "create_app"]
