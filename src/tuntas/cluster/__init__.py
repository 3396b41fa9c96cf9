"""Sessions among several servers: who owns which, and how one that is gone is proven to be gone.

The engine beneath (NATS JetStream or PostgreSQL) has the consensus; here is only what is made of one register whose
keys are compared and set. A session has one live browser, ever: that rule decides wherever two wishes meet.
"""
