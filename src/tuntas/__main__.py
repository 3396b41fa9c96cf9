"""``python -m tuntas`` is the ``tuntas`` command."""

from tuntas.cli import main

main()
