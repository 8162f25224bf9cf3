"""EDGE. paho's MQTT client, which goes straight to the broker and trusts whom the settings name."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion


class DirectClient(Client):
    """A client of MQTT 5 over TLS that trusts the authorities in `ca_file`, or the system's own.

    With `keeps_trying`, its loop connects again whenever the connection has ended.

    Raises:
        OSError: the file cannot be read, or holds no certificate.
    """

    def __init__(self, client_id: str, ca_file: Path | None, *, keeps_trying: bool = False) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            protocol=MQTTProtocolVersion.MQTTv5,
            reconnect_on_failure=keeps_trying,
        )
        self.tls_set_context(client_context(ca_file))

    def _get_proxy(self) -> dict[str, Any] | None:
        # paho would take one from the environment (mqtt_proxy) wherever PySocks happens to be installed.
        return None


def client_context(ca_file: Path | None) -> ssl.SSLContext:
    """Trusts the authorities in `ca_file`, or the system's own; chain, dates and host name are checked.

    Python's own default takes SSL_CERT_FILE, SSL_CERT_DIR and SSLKEYLOGFILE from the environment: whoever
    sets them could read along. And since 3.13 it asks for the form of RFC 5280 (VERIFY_X509_STRICT), which
    the certificate of an authority made with openssl's plain commands does not have.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    if ca_file:
        context.load_verify_locations(ca_file)
        return context
    built_in = ssl.get_default_verify_paths()
    one_file = built_in.openssl_cafile if Path(built_in.openssl_cafile).is_file() else None
    context.load_verify_locations(one_file, built_in.openssl_capath)
    return context
