"""Whom to trust, for all that the server connects to: Discord's gateway, its API, and translators."""

import ssl
from functools import cache

import httpx


@cache
def client_tls() -> ssl.SSLContext:
    """Returns the settings of TLS, which all connections share: to load the certificates takes 30 ms.

    The authorities are those that come with the package certifi, or those in the file that SSL_CERT_FILE names, as for
    other programs; of the machine's own there may be none, in a container for instance.

    Raises:
        OSError: That file cannot be read, or has no certificates.
    """
    try:
        return httpx.create_ssl_context()
    except OSError as error:
        remedy = "name a file with certificates in PEM, or unset it"
        raise OSError(f"SSL_CERT_FILE or SSL_CERT_DIR in the environment: {error.strerror}; {remedy}") from error
