"""CORE. What follows from the access rules in cloud_relay/broker/shipped: `make docs` writes it."""

from __future__ import annotations

from collections.abc import Mapping

from cloud_relay.formats.access_rules import (
    console_list,
    emqx_file,
    mosquitto_cabinets,
    mosquitto_services,
)

_WRITTEN_BY = "Written by `make docs` from cloud_relay/rules/access.py; change it there."

_CABINETS = f"""\
# Mosquitto's rules for cabinets.
# {_WRITTEN_BY}
# %u is the login's name; what no line allows is refused, and so is a name with a wildcard in it.

"""
_SERVICES = f"""\
# Mosquitto's rules for the relay and the fleet.
# {_WRITTEN_BY}
# It cannot tell a retained message from another. The relay retains no coin pulse, and a cabinet refuses one.

"""
_EMQX_FILE = f"""\
%% EMQX's rules, authorization source "file".
%% {_WRITTEN_BY}
%% The first that matches decides. Beside them authorization.no_match must be deny: "#" leaves out what begins
%% with a dollar sign, and not all of that can be named.

"""
_CONSOLE = f"""\
# EMQX's rules, to be typed into its console (Access Control, Authorization).
# {_WRITTEN_BY}
# Every tab is read from the top: keep the order. In a console without a field for Retain, leave those
# lines out.

"""


def written_files() -> Mapping[str, str]:
    """The text of each file, by its name."""
    return {
        "cabinets.acl": _CABINETS + mosquitto_cabinets(),
        "services.acl": _SERVICES + mosquitto_services(),
        "emqx_acl.conf": _EMQX_FILE + emqx_file(),
        "emqx_console.txt": _CONSOLE + console_list(),
    }
