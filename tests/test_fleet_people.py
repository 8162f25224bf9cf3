"""Who is let in, as what, and how they are let out again: on the page and from the command line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from fleet_site import BASE, FullSite
from sqlalchemy import select
from sqlalchemy.engine import make_url

from fleet.book import tables
from fleet.book.database.engine import open_book, reading
from fleet.logins.codes import as_text
from fleet.rules.roles import Role

pytestmark = pytest.mark.fleet
ROOT = Path(__file__).parent.parent
PASSWORD = "a good long password"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FullSite]:
    site = FullSite(tmp_path_factory.mktemp("site"))
    yield site
    site.engine.dispose()


def number_of(site: FullSite, name: str) -> int:
    with reading(site.engine) as connection:
        people = tables.people.c
        return int(connection.execute(select(people.id).where(people.name == name)).scalar_one())


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"password": "short"}, "The password has 5 characters: choose one of 10 to 200"),
        ({"name": "  "}, "Write the name"),
        ({"name": "THE-STAFF"}, "There is a THE-STAFF already"),
        ({"role": "king"}, "&#39;king&#39; is no role: choose one of owner, staff, partner, viewer"),
        ({"role": "partner"}, "A partner sees one location: say which"),
        ({"role": "partner", "location": "77"}, "Location: there is none like that any more"),
    ],
)
def test_nobody_is_added_by_halves(site: FullSite, changes: dict[str, str], said: str) -> None:
    """What is wrong is said, and neither a person nor a note of one is there."""
    form = {"name": "new", "password": PASSWORD, "role": "viewer"} | changes
    answer = site.as_(Role.OWNER).post("/people", data=form, base_url=BASE)
    assert (answer.status_code, said in answer.text) == (422, True)
    with reading(site.engine) as connection:
        assert (
            connection.execute(select(tables.people.c.name).where(tables.people.c.name == "new")).all() == []
        )


def test_who_is_switched_off_is_out_at_once_and_the_deed_is_noted(site: FullSite) -> None:
    """In the next request of a browser that was logged in."""
    viewer, owner = site.as_(Role.VIEWER), site.as_(Role.OWNER)
    number = number_of(site, "the-viewer")
    assert site.status(viewer) == 200
    assert owner.post(f"/people/{number}/off", base_url=BASE).status_code == 303
    assert site.status(viewer) == 302
    assert owner.post(f"/people/{number}/on", base_url=BASE).status_code == 303
    text = owner.get("/audit", base_url=BASE).text
    assert ("person switched off" in text, "person: the-viewer" in text) == (True, True)


def test_the_last_owner_stays(site: FullSite) -> None:
    """Whatever is tried: somebody must be left who may add people."""
    owner = site.as_(Role.OWNER)
    ada, last = number_of(site, "ada"), number_of(site, "the-owner")
    assert owner.post(f"/people/{ada}/off", base_url=BASE).status_code == 303
    for address, form in ((f"/people/{last}/off", {}), (f"/people/{last}", {"role": "viewer"})):
        answer = owner.post(address, data=form, base_url=BASE)
        assert (answer.status_code, "Nobody would be left" in answer.text) == (422, True)
    assert site.status(owner, "/people") == 200


def test_the_first_owner_is_made_by_a_command(tmp_path: Path) -> None:
    """With a password from standard input, which stands nowhere; the code is there to read and to scan."""
    address = f"sqlite:///{tmp_path}/book.sqlite"

    def add(*options: str, password: str = PASSWORD) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "fleet", "add-person", "Eve Ning", *options]
        environment = {"FLEET_DATABASE": address, "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"}
        return subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            input=password + "\n",
            capture_output=True,
            text=True,
            check=False,
        )

    done = add("--role", "owner")
    url = next(line for line in done.stdout.splitlines() if line.startswith("otpauth://"))
    assert (done.returncode, as_text(url) in done.stdout, PASSWORD in done.stdout + done.stderr) == (
        0,
        True,
        False,
    )
    refused = add("--role", "partner", "--location", "Nowhere")
    assert (refused.returncode, refused.stderr.strip()) == (
        1,
        "There is no location 'Nowhere': there are none yet; an owner adds them on the page",
    )
    short = add("--role", "owner", password="short")
    assert (short.returncode, "choose one of 10 to 200" in short.stderr) == (1, True)
    engine = open_book(make_url(address))
    with reading(engine) as connection:
        people = connection.execute(select(tables.people.c.name, tables.people.c.role)).all()
        deeds = connection.execute(select(tables.audit.c.who, tables.audit.c.what)).all()
    engine.dispose()
    assert [tuple(each) for each in people + deeds] == [
        ("Eve Ning", "owner"),
        ("(command line)", "person added"),
    ]
