"""The canary's view of WhatsApp's page: what a look found, when the next one is due, what is told of it.

How a page is opened and looked at is known to ``server``, which joins both.
"""
