"""Runs the stage that this boot is for, as the kernel's command line names it, and ends the boot."""

from __future__ import annotations

import importlib
import subprocess
import traceback
from pathlib import Path

RESULTS = Path("/results")


def main() -> None:
    """Run it, leave the journal for the host, and say how it went."""
    words = dict(word.partition("=")[::2] for word in Path("/proc/cmdline").read_text().split())
    name = words["cabinet.stage"]
    end = ["poweroff", "--force"]
    try:
        stage = importlib.import_module(name)
        end = stage.END
        stage.run_stage()
    except Exception:
        print(f"FAIL  {name} went to its end\n{traceback.format_exc()}", flush=True)
    with (RESULTS / f"journal-{name}.txt").open("w") as file:
        command = ["journalctl", "-b", "-o", "short-monotonic", "--no-hostname", "--no-pager"]
        subprocess.run(command, stdout=file, check=True)
    print("@end", flush=True)
    subprocess.run(["systemctl", *end], check=True)


if __name__ == "__main__":
    main()
