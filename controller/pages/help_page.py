"""CORE. What `--help` says: the commands by what they are for, and examples."""

from __future__ import annotations

GROUPS: dict[str, dict[str, str]] = {
    "What is going on": {
        "status": "what the machine is doing, and what it sold today",
        "check": "look at everything that a cabinet needs, with a remedy for what is wrong",
        "logs": "what the controller said; -f goes on as it speaks",
        "payments": "what was sold; --totals for what each day came to",
    },
    "At the board": {
        "watch": "every line live, with measured widths and bounce",
        "pulse": "put test credits on the board, which nobody pays",
        "screen": "show the technician's page on the screen, or the player's again",
        "clear": "clear faults that were seen to, so that the machine sells again",
    },
    "What the service runs": {
        "run": "the controller itself",
        "release-lines": "put the coin line at rest, if no process holds it",
        "take-card": "take cabinet.yaml on the card's boot partition over as config.yaml",
        "setup-screen": "show what is missing, while there is no configuration",
    },
    "What the installer runs": {
        "config-value": "print one value of config.yaml",
        "check-config": "say whether config.yaml can be used",
    },
}
EXAMPLES = {
    "check": "is everything well?",
    "pulse 1": "does a coin arrive?",
    "logs -f": "watch a payment happen",
}


def help_page(program: str) -> str:
    """The whole page, for a program that is called so."""
    wide = max(len(name) for commands in GROUPS.values() for name in commands) + 2
    lines = [f"usage: {program} COMMAND ...", "", "Looks after an arcade cabinet that is paid by phone."]
    for group, commands in GROUPS.items():
        lines += ["", f"{group}:", *(f"  {name.ljust(wide)}{what}" for name, what in commands.items())]
    lines += ["", "Examples:", *(f"  {program} {line.ljust(wide)}{why}" for line, why in EXAMPLES.items())]
    lines += ["", f"`{program} COMMAND --help` tells more of a command."]
    return "\n".join(lines) + "\n"
