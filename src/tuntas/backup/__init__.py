"""Backups: the database and the profiles of a data folder in one sealed file, and the way back.

Knows files, keys, places and profiles; never SQL (who makes and takes the database's copy is handed in) and no page.
It must never change what it backs up, leave a browser stopped, or write anything of an archive that it has not read to
its end.
"""
