"""The REST API as a user account sees it."""
