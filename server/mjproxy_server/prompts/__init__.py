"""What is done to a prompt before the bot sees it: translation and banned words. Only the engine knows this package."""
