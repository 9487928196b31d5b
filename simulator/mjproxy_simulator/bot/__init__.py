"""The Midjourney bot: its vocabulary, the timeline of its jobs, and the loop that plays them."""
