#!/bin/bash
# Runs the attract screen's tests on Debian's own pygame, which a cabinet draws with: on Debian 12 it is years older than
# that of pip. Its virtual environment is build/pygame.
set -euo pipefail

cd "$(dirname "$0")/.."
python=/usr/bin/python3
environment=build/pygame

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi
}

if ! dpkg -s python3-av python3-pil python3-pygame python3-venv >/dev/null 2>&1; then
    as_root apt-get install -qq -y --no-install-recommends python3-av python3-pil python3-pygame python3-venv >/dev/null
fi
if [ ! -e $environment/ready ] || [ requirements/cabinet.lock -nt $environment/ready ]; then
    $python -I -m venv --clear --system-site-packages $environment
    grep -o '^[a-z-]*==[^ ]*' requirements/cabinet.lock >$environment/constraints.txt
    $environment/bin/python -I -m pip install --quiet --disable-pip-version-check --constraint $environment/constraints.txt \
        alembic hypothesis pytest pytest-timeout qrcode sqlalchemy trustme zxing-cpp
    touch $environment/ready
fi
$environment/bin/python -m pytest tests/test_attract_screen_*.py tests/test_code_is_there.py tests/test_material_*.py \
    tests/test_screen_{address,modules}.py tests/test_still_care.py "$@"
