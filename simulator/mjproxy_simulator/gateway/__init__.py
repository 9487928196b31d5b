"""The gateway: sessions and connections as state machines, and the WebSocket that carries them."""
