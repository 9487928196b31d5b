"""The gateway of Discord: a session as a state machine, a transport, and the client that keeps both going."""
