"""A local WhatsApp Web: a page at the level of WhatsApp's modules, and the phones behind it, all on loopback.

A guest house: it knows only the foundation, and nothing but the command line and tests knows it. It must never reach
out to the network; its whole worth is that a bot can be built and tested with no phone and no account at risk.
"""
