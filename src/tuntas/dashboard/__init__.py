"""The dashboard: what sessions do, for people. Pages made on the server, kept true by server-sent events.

It asks the same services as the API, as the caller whose key opened it, and never more than that key is good for. It
must never load anything from another host, run inline script or style, or put a key, a QR or a message into a log.
"""
