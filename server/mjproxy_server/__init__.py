"""The mjproxy server: the gRPC API and the engine that drives the Midjourney bot through Discord."""
