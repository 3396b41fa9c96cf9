"""Tuntas for agents, over the Model Context Protocol: tools that are thin over the client. It judges no permission."""
