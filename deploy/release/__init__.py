"""What a release consists of: ``python -m deploy.release``, or ``make release``."""
