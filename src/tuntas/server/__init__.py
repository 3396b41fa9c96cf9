"""The composition root: the only room that knows every concrete class, and the order of start and stop.

``run`` loads every room; ``data_folder`` is light, so that the terminal can find a server without becoming one.
"""
