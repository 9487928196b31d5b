"""A simulated Discord with a simulated Midjourney bot in it, on real sockets.

It plays the gateway, the REST API, the CDN and the upload host of Discord, and the bot's jobs from the command to the
picture, so that software written for the real ones can be tried without an account. It knows nothing of the software
that talks to it, and shares no code with any.
"""
