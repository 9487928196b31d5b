"""`mjproxy doctor`: looks at everything between a configuration and a picture, and says what to do."""
