"""What root runs comes from the system, and from a copy that nobody else can change."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
INSTALLED = Path("/opt/arcade-cabinet")
NOBODY = 65534
COPIED = ("controller", "attract_screen", "installer", "requirements", "systemd")
FILES = ("install.sh", "config.yaml", "pyproject.toml", "README.md", "CHANGELOG.md")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="install.sh is root's")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the project that is root's alone, in a folder that is, too."""
    folder = tmp_path / "folder" / "arcade-cabinet"
    folder.mkdir(parents=True)
    for name in COPIED:
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(PROJECT / name, folder)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() or path.suffix == ".sh" else 0o644)
    return folder


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A folder like /tmp, with a trap for each program of the system's and for each module of Python's."""
    folder = tmp_path / "planted"
    folder.mkdir()
    trap = folder / "trap"
    trap.write_text(f"#!/bin/sh\necho $0 $* >>{tmp_path}/ran\nexit 1\n")
    trap.chmod(0o755)
    programs = {path.name for place in ("/usr/bin", "/usr/sbin") for path in Path(place).iterdir()}
    for name in programs - {"trap"}:
        (folder / name).symlink_to(trap)
    for name in {*sys.stdlib_module_names, "sitecustomize", "usercustomize", "controller", "yaml"}:
        (folder / f"{name}.py").write_text(f"open('{tmp_path}/ran', 'a').write('{name}.py\\n')\n")
    return folder


def run_in(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """As root who stands in a folder, and finds programs and modules there first."""
    surroundings = {
        "PATH": f"{folder}:.:/usr/bin:/bin",
        "HOME": str(folder),
        **dict.fromkeys(("PYTHONPATH", "PYTHONUSERBASE", "CDPATH", "TMPDIR"), str(folder)),
        **dict.fromkeys(("ENV", "BASH_ENV"), str(folder / "trap")),
    }
    # By its own interpreter, as the kernel does: what that one is called is not looked for.
    return subprocess.run(
        ["/bin/sh", *command], cwd=folder, env=surroundings, capture_output=True, text=True, check=False
    )


def check(copy: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """`install.sh --check`, which changes nothing."""
    return run_in(folder, str(copy / "install.sh"), "--check")


@pytest.mark.skipif(INSTALLED.exists(), reason="a cabinet is installed here, and would be checked")
def test_install_sh_runs_nothing_from_where_root_stands(copy: Path, planted: Path) -> None:
    """Nor from where root's PATH and other variables lead."""
    ended = check(copy, planted)
    ran = planted.parent / "ran"
    assert (ran.read_text() if ran.exists() else "") == ""
    assert f"{INSTALLED}: would be installed, version" in ended.stdout
    assert f"things differ from this copy; sudo {copy}/install.sh puts them right" in ended.stderr


@pytest.mark.parametrize("words", [["status"], ["logs"], ["check"], ["--help"]])
def test_cabinet_runs_nothing_from_where_root_stands(planted: Path, words: list[str]) -> None:
    """Typed in /tmp, by one whose PATH begins there."""
    run_in(planted, str(PROJECT / "systemd" / "cabinet"), *words)
    ran = planted.parent / "ran"
    assert (ran.read_text() if ran.exists() else "") == ""


def refusal(path: Path, access: str) -> str:
    """What install.sh says of a file that others can change."""
    return (
        f"install.sh: {path} can be changed by others ({access}), and root would run what is here. "
        "Get the project anew, into a folder that is yours alone\n"
    )


@pytest.mark.parametrize(
    ("name", "mode", "access"),
    [
        ("install.sh", 0o757, "-rwxr-xrwx"),
        ("installer/system.sh", 0o646, "-rw-r--rw-"),
        ("controller/rules", 0o757, "drwxr-xrwx"),
        ("requirements/cabinet.lock", 0o666, "-rw-rw-rw-"),
        (".", 0o777, "drwxrwxrwx"),
        # As sticky as /tmp: a new module beside the others would do.
        (".", 0o1777, "drwxrwxrwt"),
        ("..", 0o777, "drwxrwxrwx"),
    ],
)
def test_a_copy_that_everybody_can_change_is_not_run(
    copy: Path, tmp_path: Path, name: str, mode: int, access: str
) -> None:
    """A clone in a shared folder, or one that was unpacked with all rights."""
    path = (copy / name).resolve()
    path.chmod(mode)
    ended = check(copy, tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", refusal(path, f"{access} root:root"))


@pytest.mark.parametrize("name", ["config.yaml", "controller", ".."])
def test_what_belongs_to_somebody_else_is_not_run(copy: Path, tmp_path: Path, name: str) -> None:
    """Than root, or the owner of the copy."""
    path = (copy / name).resolve()
    os.chown(path, NOBODY, 0)
    ended = check(copy, tmp_path)
    access = "-rw-r--r--" if path.is_file() else "drwxr-xr-x"
    assert (ended.returncode, ended.stderr) == (1, refusal(path, f"{access} nobody:root"))


def test_a_group_with_others_in_it_is_others(copy: Path, tmp_path: Path) -> None:
    """A group of root's, or one with the owner's own name, is not."""
    path = copy / "controller" / "app.py"
    path.chmod(0o664)
    assert "differ from this copy" in check(copy, tmp_path).stderr
    os.chown(path, 0, NOBODY)
    assert check(copy, tmp_path).stderr == refusal(path, "-rw-rw-r-- root:nogroup")


def test_a_copy_of_a_user_s_own_is_run(copy: Path, tmp_path: Path) -> None:
    """As it is cloned on a Pi, here below a folder like /tmp; of a user without a name, too."""
    for owner in (NOBODY, 4242):
        for path in (copy, *copy.rglob("*")):
            os.chown(path, owner, owner)
        copy.parent.chmod(0o1777)
        assert "differ from this copy" in check(copy, tmp_path).stderr


CLONE_ANEW = "Clone it on this machine, or mend it: in its folder, "
MEND = 'grep -rlIP "\\r$" . | xargs sed -i "s/\\r$//"'


def with_windows_line_ends(*paths: Path) -> None:
    for path in paths:
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_copy_with_the_line_ends_of_windows_says_so(copy: Path, planted: Path, shell: str) -> None:
    """It died in line 10, of `set: Illegal option -`; and nothing is run to say it."""
    with_windows_line_ends(copy / "install.sh")
    command = [shutil.which(shell) or shell, str(copy / "install.sh"), "--check"]
    ended = subprocess.run(
        command, cwd=planted, env={"PATH": str(planted)}, capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        "install.sh: this copy has the line ends of Windows (CRLF), "
        "and nothing in it would run on this machine.\n"
        f"{CLONE_ANEW}{MEND}\n",
    )
    assert not (planted.parent / "ran").exists()


@pytest.mark.parametrize("name", ["systemd/cabinet", "requirements/cabinet.lock", "installer/system.sh"])
def test_one_file_with_the_line_ends_of_windows_is_named(copy: Path, tmp_path: Path, name: str) -> None:
    """Where only install.sh was mended, say; and what is told to do then does it."""
    with_windows_line_ends(copy / name)
    ended = check(copy, tmp_path)
    assert (ended.returncode, ended.stdout, ended.stderr) == (
        1,
        "",
        f"install.sh: {copy}/{name} has the line ends of Windows (CRLF). "
        f"Clone the project on this machine, or mend it: in its folder, {MEND}\n",
    )
    subprocess.run(["sh", "-c", MEND], cwd=copy, check=True)
    assert "differ from this copy" in check(copy, tmp_path).stderr


def test_a_clone_of_git_for_windows_has_the_line_ends_of_linux(copy: Path) -> None:
    """Whose installer sets core.autocrlf."""
    shutil.copy(PROJECT / ".gitattributes", copy)
    git = [
        "git",
        "-c",
        "core.autocrlf=true",
        "-c",
        "user.name=x",
        "-c",
        "user.email=x@example.com",
        "-C",
        str(copy),
    ]
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True, capture_output=True)
    for path in before:
        path.unlink()
    subprocess.run([*git, "checkout", "-q", "--", "."], check=True)
    assert {path: path.read_bytes() for path in before} == before
