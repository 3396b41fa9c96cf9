"""What a crash or a stranger left, in a data folder or in one of whatsapp-web.js: found, said, and taken away.

A plan is made before anything is touched. It must never end a browser that somebody owns, nor delete a folder that
nobody has named.
"""
