from __future__ import annotations
import time
from pathlib import Path
import cabinet
from cabinet import run
END = ["poweroff", "--force"]
def run_stage():
    cabinet.FEED.exists()
    print(run("sh", "-c", "systemctl show -P MainPID arcade-attract-screen; ls -la /dev/dri /dev/fb0; cat /sys/class/drm/*/status /sys/class/drm/*/modes; cat /sys/kernel/debug/dri/0/state")[1])
    for i in range(6):
        time.sleep(8)
        print(run("sh", "-c", "p=$(systemctl show -P MainPID arcade-attract-screen); cat /proc/$p/wchan; echo; cat /proc/$p/stack; grep State /proc/$p/status; ls /proc/$p/task | wc -l; ps -o cputime,pcpu,cmd -p $p; cat /run/arcade-cabinet/screen.json")[1])
        print(f"@screendump c{i}", flush=True)
    print(run("sh", "-c", "journalctl -b -u arcade-attract-screen -o cat; cat /sys/kernel/debug/dri/0/state; dmesg | grep -i -E 'drm|virtio_gpu|fb0'")[1])
