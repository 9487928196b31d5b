"""What every face of the simulated Discord shares: JSON forms, signed links, and the posting of messages."""
