"""How the certificate of a server is verified, by the suite and by the real clients that it starts."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conformance.settings import UsageError

VARIABLE = "SSL_CERT_FILE"
"""Names a file of certificates to OpenSSL, and so to the suite, to httpx (the Python SDK) and to most builds of curl.

Node reads NODE_EXTRA_CA_CERTS.
"""


@dataclass(frozen=True)
class Tls:
    """What is given: a file with certificates of authorities to trust as well, or that nothing is verified."""

    ca_file: Path | None = None
    insecure: bool = False

    def context(self) -> ssl.SSLContext:
        """Return the context for requests; raises UsageError if the file cannot be used."""
        context = ssl.create_default_context()  # it reads the file of VARIABLE
        if self.ca_file is not None:
            try:
                context.load_verify_locations(self.ca_file)
            except ssl.SSLError:
                raise UsageError(f"--ca-file {self.ca_file}: the file holds no certificate in PEM form") from None
            except OSError as problem:
                raise UsageError(f"--ca-file {self.ca_file}: the file cannot be read ({problem.strerror})") from None
        if self.insecure:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    def environment(self, given: Mapping[str, str] = os.environ) -> dict[str, str]:
        """Return the variables by which the processes of real clients trust the same authorities."""
        file = str(self.ca_file.absolute()) if self.ca_file else given.get(VARIABLE)
        if not file:
            return {}
        node = {} if self.ca_file is None and "NODE_EXTRA_CA_CERTS" in given else {"NODE_EXTRA_CA_CERTS": file}
        return {VARIABLE: file, "CURL_CA_BUNDLE": file, **node}


def refuse_insecure(tls: Tls, who: str) -> None:
    """Raise UsageError if nothing is to be verified, because the clients always verify."""
    if tls.insecure:
        raise UsageError(f"{who} verify certificates; give --ca-file FILE instead of --insecure")
