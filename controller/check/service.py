"""EDGE. Checks the service: whether systemd runs it, and what the running controller says is wrong."""

from __future__ import annotations

from controller.control.running import Running
from controller.pages.findings import Finding, note, ok, warning, wrong
from controller.pages.remedies import REMEDIES
from controller.system.systemd_units import CONTROLLER, Unit

_EX_CONFIG = 78
_NOW = {
    True: "It can be used now",
    False: "Mend what is wrong with it, as under configuration; then",
    None: "Whether it can be used now was not looked at, as under configuration; try",
}
_WHY = "`sudo cabinet logs` says why it ended"


def check_service(
    unit: Unit | None, running: Running | None, *, config_usable: bool | None = True
) -> list[Finding]:
    """The unit, if there is one, and the daemon, whoever started it.

    `config_usable` says whether the unit would take config.yaml now; None if nobody knows.
    """
    found = _unit(unit, config_usable) if unit else [note(f"systemd has no {CONTROLLER} here")]
    if running is None:
        first = "See under configuration first, then start it" if config_usable is False else "Start it"
        found.append(wrong("no controller is running", f"{first}: sudo systemctl start {CONTROLLER}."))
        return found
    found.append(ok(f"the controller is running: {running.doing}"))
    found += [wrong(f"it reports: {fault.text}", REMEDIES[fault.kind]) for fault in running.faults]
    if running.configuration:
        remedy = f"Mend what is wrong, if anything is; then: sudo systemctl restart {CONTROLLER}."
        found.append(warning(running.configuration, remedy))
    return found


def _unit(unit: Unit, config_usable: bool | None) -> list[Finding]:
    found = []
    if unit.is_active:
        found.append(ok(f"{unit.name} is active"))
    elif unit.exit_status == _EX_CONFIG:
        text = f"{unit.name} ended over config.yaml, and is not started again"
        found.append(wrong(text, f"{_NOW[config_usable]}: sudo systemctl restart {unit.name}."))
    else:
        text = f"{unit.name} is {unit.active} ({unit.sub}), its last exit status {unit.exit_status}"
        found.append(wrong(text, f"{_WHY}; then: sudo systemctl start {unit.name}."))
    if unit.enabled == "enabled":
        found.append(ok("it starts at boot"))
    else:
        remedy = f"sudo systemctl enable {unit.name}"
        found.append(wrong(f"it does not start at boot: it is {unit.enabled or 'not enabled'}", remedy))
    if unit.restarts:
        times = "once" if unit.restarts == 1 else f"{unit.restarts} times"
        found.append(warning(f"systemd had to start it again {times}", f"{_WHY}."))
    return found
