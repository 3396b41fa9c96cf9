"""Settings: environment variables ``TUNTAS_*`` and ``tuntas.toml`` are read from here.

The order is: command-line option, environment (ours, then WAHA's names), ``tuntas.toml`` in the current folder (or the
file that ``TUNTAS_CONFIG`` names), default.
"""

from tuntas.config.loading import Loaded, load, load_all, secret_names
from tuntas.config.settings import Settings
from tuntas.environment.reading import ConfigurationError

__all__ = ["ConfigurationError", "Loaded", "Settings", "load", "load_all", "secret_names"]
