"""The CDN: pictures and uploads behind signed links."""
