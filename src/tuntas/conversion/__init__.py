"""Makes of a file what WhatsApp's clients play: Opus in Ogg for voice, H.264 and AAC in MP4 for video.

What others made is decoded in a process of its own (``worker``), which has little memory, little time and nothing of
the server's: not its secrets, its connections or its event loop. ``converter`` waits for it and leaves nothing behind.
"""
