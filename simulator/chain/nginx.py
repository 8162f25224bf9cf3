"""EDGE. The real nginx with the shipped file, in front of a relay on this machine."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from simulator.chain.part import Part
from simulator.chain.ports import free_port, listens

SHIPPED_FILE = Path(__file__).parents[2] / "cloud_relay" / "proxy" / "nginx.conf"
START_WITHIN_S = 60.0

# What Debian's own nginx.conf has around the files in conf.d, but for places that need no root.
_AROUND = """\
{user}daemon off;
pid {folder}/nginx.pid;
error_log stderr warn;
worker_processes auto;
events {{ worker_connections 768; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {extra}
    include {folder}/site.conf;
}}
"""


@dataclass(frozen=True)
class Nginx:
    """Where it answers, and whose certificate it shows."""

    port: int
    ca_file: Path

    @property
    def url(self) -> str:
        """Its address on loopback."""
        return f"https://127.0.0.1:{self.port}"


def nginx_program() -> str | None:
    """Where nginx is; None where it is not installed."""
    # Debian puts it in /usr/sbin, which an ordinary user's PATH leaves out.
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


@contextmanager
def nginx_before(
    relay_port: int, folder: Path, extra: str = "", fleet_port: int | None = None
) -> Iterator[Nginx]:
    """Run nginx before a relay on loopback, and a fleet; `extra` are lines of its http block.

    Raises:
        FileNotFoundError: nginx is not installed.
        PartFailedError: it does not take the shipped file.
    """
    program = nginx_program()
    if program is None:
        raise FileNotFoundError("nginx is not installed: sudo apt install nginx-light")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.crt"))
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    ports = (port, relay_port, free_port() if fleet_port is None else fleet_port)
    (folder / "site.conf").write_text(_on_loopback(SHIPPED_FILE.read_text(), ports, folder))
    # Started by root, its workers would change to a user who cannot enter our folder.
    user = "user root;\n" if Path("/proc/self").stat().st_uid == 0 else ""
    (folder / "nginx.conf").write_text(_AROUND.format(user=user, folder=folder, extra=extra))
    command = [program, "-e", "stderr", "-p", str(folder), "-c", str(folder / "nginx.conf")]
    nginx = Part("nginx", command, folder / "nginx.log")
    nginx.start()
    try:
        _wait_for(nginx, port)
        yield Nginx(port, folder / "ca.crt")
    finally:
        nginx.stop()


def _on_loopback(text: str, ports: tuple[int, int, int], folder: Path) -> str:
    """The shipped file, with other ports, another certificate and another place of its log; nothing else."""
    port, relay_port, fleet_port = ports
    text = text.replace("/var/log/nginx/", f"{folder}/")
    text = re.sub(r"listen \[::\]:443 ssl;\n", "", text)
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;")
    text = text.replace("server 127.0.0.1:8080;", f"server 127.0.0.1:{relay_port};")
    text = text.replace("server 127.0.0.1:8090;", f"server 127.0.0.1:{fleet_port};")
    return re.sub(r"(ssl_certificate(?:_key)?) \S+;", rf"\1 {folder}/server.pem;", text)


def _wait_for(nginx: Part, port: int) -> None:
    deadline_s = time.monotonic() + START_WITHIN_S
    while not listens(port):
        if nginx.exit_status is not None or time.monotonic() > deadline_s:
            raise nginx.failure(f"did not listen on port {port}")
        time.sleep(0.02)
