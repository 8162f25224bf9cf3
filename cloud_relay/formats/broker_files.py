"""CORE. What follows from the access rules in cloud_relay/broker/shipped: `make docs` writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from cloud_relay.formats.access_rules import (
    console_list,
    emqx_database,
    emqx_entry,
    emqx_file,
    mosquitto_cabinets,
    mosquitto_services,
)
from cloud_relay.rules.access import EVERYBODY

_WRITTEN_BY = "Written by `make docs` from cloud_relay/rules/access.py; change it there."
_DATABASE = "/authorization/sources/built_in_database"

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
_REST = f"""\
#!/bin/sh
# Gives a running EMQX 5.8 or later the settings and the access rules.
# {_WRITTEN_BY}
# It can be run again at any time: each call says how things shall be.
#
#   emqx_rest.sh https://broker.example.com:18083/api/v5 KEY_FILE
#
# KEY_FILE is readable by you alone, and holds one line:   user = "API key:secret key"
# shellcheck disable=SC2016 # EMQX fills in the user name, and not the shell
set -eu
api=${{1:?give the address of the API, as https://broker.example.com:18083/api/v5}}
key_file=${{2:?give the file with the API key}}
here=$(dirname "$0")

call() {{ # METHOD PATH TYPE DATA
    curl --fail --silent --show-error --output /dev/null --config "$key_file" \\
        --request "$1" --header "Content-Type: $3" --data-binary "$4" "$api$2"
}}
json() {{ # METHOD PATH DATA
    call "$1" "$2" application/json "$3"
}}

# A merged "authorization" would put its sources up anew; its settings have a call of their own.
settings=$(sed '/^authorization /,/^}}/d' "$here/emqx.conf")
call PUT '/configs?mode=merge' text/plain "$settings"
json PUT /authorization/settings '{{"no_match":"deny","deny_action":"ignore","cache":{{"enable":true}}}}'
source='{{"type":"built_in_database","enable":true}}'
json PUT {_DATABASE} "$source" 2>/dev/null || json POST /authorization/sources "$source"
# Before any other source, which might allow more.
json POST {_DATABASE}/move '{{"position":"front"}}'
"""


def written_files() -> Mapping[str, str]:
    """The text of each file, by its name."""
    return {
        "cabinets.acl": _CABINETS + mosquitto_cabinets(),
        "services.acl": _SERVICES + mosquitto_services(),
        "emqx_acl.conf": _EMQX_FILE + emqx_file(),
        "emqx_console.txt": _CONSOLE + console_list(),
        "emqx_rest.sh": _REST + "".join(f"{_call(who)}\n" for who in emqx_database()),
    }


def _call(who: str) -> str:
    """Put all entries of one list in the place of what there was; EMQX wants its own verb for all users."""
    rules = ",\n  ".join(json.dumps(emqx_entry(rule)) for rule in emqx_database()[who])
    if who == EVERYBODY:
        return f"json POST {_DATABASE}/rules/all '{{\"rules\": [\n  {rules}]}}'"
    path = f"{_DATABASE}/rules/users/{_in_a_url(who)}"
    return f'json PUT {path} \'{{"username": {json.dumps(who)}, "rules": [\n  {rules}]}}\''


def _in_a_url(login: str) -> str:
    return "".join(letter if letter.isalnum() or letter == "." else f"%{ord(letter):02X}" for letter in login)
