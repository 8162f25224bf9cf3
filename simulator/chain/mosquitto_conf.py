"""The shipped settings of Mosquitto with paths and ports of our own, and a log of everything."""

from __future__ import annotations

from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "cloud_relay" / "broker" / "shipped"
# Lines that may be left out, for a broker whose owner did.
ONE_ID_A_LOGIN = "use_username_as_clientid true"
SMALL_PACKETS = "max_packet_size 16384"
_SHIPPED_PORTS = (8883, 8884)
_FOLDERS = ("/etc/mosquitto/arcade/", "/var/lib/mosquitto/", "/var/log/mosquitto/", "/run/mosquitto/")
# A broker that is killed in a test has what it took; its log tells all.
_FOR_TESTS = """
persistence {persistence}
autosave_interval 1
autosave_on_changes true
log_type all
"""


def mosquitto_conf(
    folder: Path, ports: tuple[int, int], *, persistence: bool, without: tuple[str, ...]
) -> str:
    """The shipped file with all of its paths in `folder`, at the ports of cabinets and of services.

    Raises:
        ValueError: a line of `without` is not in it.
    """
    text = (SHIPPED / "mosquitto.conf").read_text()
    for line in without:
        text = _replaced(text, f"\n{line}\n", "\n")
    for shipped, port in zip(_SHIPPED_PORTS, ports, strict=True):
        text = _replaced(text, f"\nlistener {shipped}\n", f"\nlistener {port} 127.0.0.1\n")
    for shipped_folder in _FOLDERS:
        store = "store/" if shipped_folder == "/var/lib/mosquitto/" else ""
        text = _replaced(text, shipped_folder, f"{folder}/{store}")
    return text + _FOR_TESTS.format(persistence=str(persistence).lower()) + _as_ourselves()


def _replaced(text: str, shipped: str, ours: str) -> str:
    if shipped not in text:
        raise ValueError(f"the shipped mosquitto.conf has no {shipped.strip()!r}")
    return text.replace(shipped, ours)


def _as_ourselves() -> str:
    # Started by root, Mosquitto changes to the user "mosquitto", who could not read our private folder.
    return "user root\n" if Path("/proc/self").stat().st_uid == 0 else ""
