"""The composition root: the only room that knows every concrete class, and the order of start and stop."""

from tuntas.server.data_folder import DataFolder, DataFolderBusy, DataFolderUnusable, RunningServer
from tuntas.server.http import PortTaken
from tuntas.server.run import serve

__all__ = [
    "DataFolder",
    "DataFolderBusy",
    "DataFolderUnusable",
    "PortTaken",
    "RunningServer",
    "serve",
]
