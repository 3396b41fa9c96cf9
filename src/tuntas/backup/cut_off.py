"""How a data folder says that a restore into it was cut off. Apart from the restore, for every start looks for it."""

RESTORING_NAME = ".restoring"
"""The folder that a restore fills, in the data folder; while it is there, all else in that is the restore's."""
