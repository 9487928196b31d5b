"""The client for asyncio. `mjproxy.sync` is generated from it; see clients/python/unasync.py."""
