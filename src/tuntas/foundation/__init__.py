"""What every room may use: time, tasks, backoff, identifiers, logs. Knows nothing of sessions, browsers or WhatsApp."""
