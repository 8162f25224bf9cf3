"""The certificate of a private authority, which comes to the cabinet on the card, beside its cabinet.yaml."""

from __future__ import annotations

from pathlib import Path

import pytest
import trustme
from test_card import LINES, Pi, a_pi, in_memory, is_somewhere, kill_at_line

from controller.config.keys import load_config
from controller.setup.take import take_card

pytestmark = pytest.mark.cloud
__all__ = ["in_memory"]

CERTIFICATE = trustme.CA().cert_pem.bytes()
BEFORE = trustme.CA().cert_pem.bytes()


@pytest.fixture
def pi(tmp_path: Path) -> Pi:
    """A card that nobody has configured yet."""
    return a_pi(tmp_path)


def lines_for(pi: Pi) -> str:
    """A cabinet.yaml whose broker has an authority of its own."""
    return LINES.replace("  host:", f"  ca_file: {pi.places.certificate}\n  host:")


@pytest.mark.parametrize("name", ["ca.crt", "CA.CRT"])
def test_the_certificate_is_taken_over_with_the_file_that_names_it(pi: Pi, name: str) -> None:
    """For the eyes of the controller's group, and it goes from the card."""
    pi.put(lines_for(pi))
    pi.put(CERTIFICATE, name)
    take_card(pi.places)
    assert load_config(pi.places.config).broker.ca_file == pi.places.certificate
    assert pi.places.certificate.read_bytes() == CERTIFICATE
    assert pi.places.certificate.stat().st_mode & 0o777 == 0o640
    assert pi.in_system() == ["ca.crt", "config.yaml", "config.yaml.before"]
    assert pi.on_card() == ["config.txt"]


def test_a_certificate_takes_the_place_of_another_only_with_a_file_that_can_be_used(pi: Pi) -> None:
    """A refused card leaves a running cabinet's certificate as it is, and its own to be taken later."""
    pi.places.certificate.write_bytes(BEFORE)
    pi.put(lines_for(pi).replace("galaga-01", "galaga 01"))
    pi.put(CERTIFICATE, "ca.crt")
    take_card(pi.places)
    assert pi.places.certificate.read_bytes() == BEFORE
    assert "galaga 01" in pi.report()
    assert (pi.boot / "ca.crt").read_bytes() == CERTIFICATE
    card = pi.boot / "cabinet.yaml"
    card.write_text(card.read_text().replace("galaga 01", "galaga-01"))
    take_card(pi.places)
    assert pi.places.certificate.read_bytes() == CERTIFICATE
    assert pi.on_card() == ["config.txt"]


def test_what_is_no_certificate_is_refused_under_the_name_that_the_file_has_for_it(in_memory: Path) -> None:
    """The technician typed ca.crt, and no name of ours."""
    pi = a_pi(in_memory)  # whose name is short enough to be shown whole
    pi.put(lines_for(pi))
    pi.put("no certificate", "ca.crt")
    take_card(pi.places)
    assert f"broker.ca_file is '{pi.places.certificate}': there is no certificate in it" in pi.report()
    assert pi.in_system() == ["cabinet.yaml.secrets", "config.yaml"]


def test_a_certificate_that_no_file_names_stays_where_it_is(pi: Pi) -> None:
    """It is somebody else's."""
    pi.put(LINES)
    pi.put(CERTIFICATE, "ca.crt")
    take_card(pi.places)
    assert pi.on_card() == ["ca.crt", "config.txt"]
    assert pi.in_system() == ["config.yaml", "config.yaml.before"]


def test_killed_at_any_line_the_cabinet_comes_to_have_both(in_memory: Path) -> None:
    """The next boot brings to its end what a power cut came in between."""
    kills = 0
    while True:
        pi = a_pi(in_memory / str(kills))
        pi.put(lines_for(pi))
        pi.put(CERTIFICATE, "ca.crt")
        if not kill_at_line(kills + 1, pi):
            break
        kills += 1
        assert is_somewhere(pi)
        take_card(pi.places)
        assert (pi.on_card(), pi.places.certificate.read_bytes()) == (["config.txt"], CERTIFICATE)
        assert load_config(pi.places.config).broker.ca_file == pi.places.certificate
        assert pi.in_system() in (
            ["ca.crt", "config.yaml", "config.yaml.before"],
            ["ca.crt", "config.yaml"],
        )
    assert kills > 60
