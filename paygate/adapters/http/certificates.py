"""TLS contexts for the certificates that clients present."""

from __future__ import annotations

import ssl
from pathlib import Path
from urllib.parse import urlsplit

from ...core.plugin_api.http_client import ClientCertificate, HttpError


class Certificates:
    """Reads certificates once, and again after their files change.

    A connection is only reused with the same context, thus never with another identity.
    """

    def __init__(self) -> None:
        self._read: dict[ClientCertificate, tuple[tuple[int, ...], ssl.SSLContext]] = {}

    def context(self, url: str, certificate: ClientCertificate | None) -> ssl.SSLContext | None:
        """Return the context that presents a certificate; None for none.

        Raises:
            HttpError: ``invalid_url`` without ``https``; ``invalid_certificate`` if it cannot
                be read.
        """
        if certificate is None:
            return None
        if urlsplit(url).scheme != "https":
            raise HttpError("invalid_url", "must be an https URL to present a certificate")
        try:
            changed = _changed(certificate)
            known = self._read.get(certificate)
            if known is None or known[0] != changed:
                known = self._read[certificate] = (changed, _load(certificate))
        except (OSError, ValueError) as error:
            # The message of the error may contain paths, and no content.
            raise HttpError("invalid_certificate", f"{type(error).__name__}: {error}") from None
        return known[1]


def _changed(certificate: ClientCertificate) -> tuple[int, ...]:
    files = [certificate.certificate_file, certificate.key_file, certificate.authorities_file]
    return tuple(Path(file).stat().st_mtime_ns for file in files if file is not None)


def _load(certificate: ClientCertificate) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=certificate.authorities_file)
    # Without a password OpenSSL would ask for one on the terminal.
    context.load_cert_chain(
        certificate.certificate_file, certificate.key_file, password=certificate.password or ""
    )
    return context
