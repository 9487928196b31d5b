"""Discord as a user account meets it: the gateway and the REST API. It knows nothing of bots, tasks or stores."""
