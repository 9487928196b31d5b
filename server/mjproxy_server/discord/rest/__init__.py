"""The REST API of Discord: routes, rate limits, and the rules of what may be sent again."""
