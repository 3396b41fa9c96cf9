"""All that knows WhatsApp's page and WA-JS. Everything else speaks of sessions, messages and observations."""
