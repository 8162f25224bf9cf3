"""Who may say and hear what, written out by hand: every form of the access rules is asked the same."""

from __future__ import annotations

from simulator.chain.broker import RELAY_USERNAME

FLEET_USERNAME = "cloud.fleet"
# The two logins of the fleet, which take turns.
FLEET_USERNAMES = (FLEET_USERNAME, "cloud.fleet2")
# The two logins of the relay, which take turns.
RELAY_USERNAMES = (RELAY_USERNAME, "cloud.relay2")
LEAVES = ("coinpulse", "gameover", "status", "journal", "journal/seen")


def topics(leaves: tuple[str, ...], *machines: str) -> set[str]:
    """These leaves of each machine's topics."""
    return {f"arcade/machine/{machine}/{leaf}" for machine in machines for leaf in leaves}


# A cabinet may be called like half of a service, and no cabinet is called like a whole one.
CABINETS = ("galaga-01", "pacman-02", "relay", "fleet")
MACHINES = (*CABINETS, "cloud.relay", "cloud.fleet")
# What a relay keeps for its own other processes.
TIDIED = "arcade/relay/0123456789abcdef/tidied"
TOPICS = [
    TIDIED,
    "arcade/relay/0123456789abcdef/other",
    "arcade/relay/tidied",
    *sorted(topics(LEAVES, *MACHINES)),
    "arcade/machine/galaga-01/config",
    "arcade/machine/galaga-01/journal/other",
    "arcade/machine/coinpulse",
    "elsewhere",
]
# Put into a topic, these would cover those of others.
WILDCARD_LOGINS = ("+", "#", "+/#", "galaga-01/#", "galaga-01/journal")
IDENTITIES = (*RELAY_USERNAMES, *FLEET_USERNAMES, *CABINETS, *WILDCARD_LOGINS)
# Of a cabinet: what it says and what it hears.
SAYS, HEARS = ("gameover", "status", "journal"), ("coinpulse", "journal/seen")

MAY_PUBLISH = {
    **{login: topics(("coinpulse", "gameover"), *MACHINES) | {TIDIED} for login in RELAY_USERNAMES},
    **{login: topics(("journal/seen",), *MACHINES) for login in FLEET_USERNAMES},
    **{cabinet: topics(SAYS, cabinet) for cabinet in CABINETS},
    **{login: set[str]() for login in WILDCARD_LOGINS},
}
MAY_HEAR = {
    **{login: topics(("status",), *MACHINES) | {TIDIED} for login in RELAY_USERNAMES},
    **{login: topics(("journal", "status", "gameover"), *MACHINES) for login in FLEET_USERNAMES},
    **{cabinet: topics(HEARS, cabinet) for cabinet in CABINETS},
    **{login: set[str]() for login in WILDCARD_LOGINS},
}
# What may be subscribed to for all machines at once.
TOGETHER = {
    **{login: {"arcade/machine/+/status", "arcade/relay/+/tidied"} for login in RELAY_USERNAMES},
    **{login: topics(("journal", "status", "gameover"), "+") for login in FLEET_USERNAMES},
}
WILDCARDS = [
    "#",
    "+/#",
    "arcade/#",
    "arcade/machine/#",
    "arcade/relay/#",
    "arcade/relay/+/tidied",
    "arcade/machine/+/+",
    "arcade/machine/+/+/seen",
    *sorted(topics(LEAVES, "+")),
    "arcade/machine/galaga-01/#",
    "arcade/machine/galaga-01/+",
]
BROKERS_OWN = [
    "$SYS/broker/uptime",
    "$SYS/#",
    "$events/#",
    "$file/up",
    "$exclusive/x",
    "$queue/x",
    "$share/g/x",
]
