"""What the environment says of the settings: our names, secrets in files, WAHA's names. It knows no setting."""

from tuntas.environment.reading import Environment, Reading, read_environment

__all__ = ["Environment", "Reading", "read_environment"]
