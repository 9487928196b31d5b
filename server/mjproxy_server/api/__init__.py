"""The gRPC API: it translates calls into the engine's terms and answers back, and decides nothing."""
