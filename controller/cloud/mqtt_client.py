"""EDGE. paho's MQTT client, which connects to the host that is configured, and to nothing in between."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any, cast

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from controller.cloud.tls import FreshContext

SESSION_EXPIRY_S = 24 * 3600
# MQTT 5, 3.1.2.11.4: the broker must not send us more. Our longest message has 4 KiB.
MAX_PACKET_BYTES = 16 * 1024


class DirectClient(mqtt.Client):
    """A client of MQTT 5 over TLS that trusts the authorities in `ca_file`, or the system's own."""

    def __init__(self, client_id: str, ca_file: Path | None, **settings: Any) -> None:
        super().__init__(CallbackAPIVersion.VERSION2, client_id, protocol=mqtt.MQTTv5, **settings)
        self.tls_set_context(cast(ssl.SSLContext, FreshContext(ca_file)))

    def session_properties(self) -> Properties:
        """What CONNECT asks for: a session that is kept for a day, and no packet larger than we read."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        return properties

    def forget(self, message_id: int) -> None:
        """Do not send a message again with the next connection, which paho would until it has its PUBACK."""
        with self._out_message_mutex:
            self._out_messages.pop(message_id, None)

    def _get_proxy(self) -> dict[str, Any] | None:
        # paho would take one from the environment (mqtt_proxy) wherever PySocks happens to be installed.
        return None
