"""The client for programs without asyncio, generated from `mjproxy.aio`."""
