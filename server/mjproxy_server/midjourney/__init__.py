"""The bot's vocabulary, pure: what is said to the Midjourney bot, and what its messages mean for the tasks."""
