"""What would be published: the right files and no others, and a program that runs on its own."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

from lanmsg import __version__

pytest.importorskip("hatchling", reason="hatchling is not installed (scripts/setup develop)")

CHECKOUT = Path(__file__).resolve().parents[2]
BUILD = "import sys; from hatchling.build import build_{kind} as build; print(build(sys.argv[1]))"
DATA = f"lanmsg-{__version__}.data/data"
SHARED = (
    "share/man/man1/lanmsg.1",
    "share/bash-completion/completions/lanmsg",
    "share/zsh/site-functions/_lanmsg",
    "share/fish/vendor_completions.d/lanmsg.fish",
)


def build(kind: str, source: Path, folder: Path) -> Path:
    command = [sys.executable, "-c", BUILD.format(kind=kind), str(folder)]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=True)
    return folder / done.stdout.splitlines()[-1]


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", CHECKOUT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def unpacked(sdist: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(sdist.parent, filter="data")
    return sdist.parent / f"lanmsg-{__version__}"


@pytest.fixture(scope="module")
def wheel(unpacked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made from the source archive, as whoever packages it would."""
    return build("wheel", unpacked, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel alone; what it depends on is borrowed from ours."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--no-compile", wheel], check=True)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder


def run(installed: Path, *words: str) -> str:
    environment = {"PATH": os.environ["PATH"], "LANMSG_HOME": str(installed / "home"), "LANG": "C.UTF-8"}
    command = [str(installed / "bin" / words[0]), *words[1:]]
    return subprocess.run(
        command, env=environment, cwd=installed, capture_output=True, text=True, check=True
    ).stdout


def test_the_wheel_holds_the_program_and_nothing_else(wheel: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    package = {name for name in names if name.startswith("lanmsg/")}
    sources = {path.relative_to(CHECKOUT).as_posix() for path in (CHECKOUT / "lanmsg").rglob("*.py")}
    others = {"lanmsg/py.typed", "lanmsg/cli/lanmsg.service"}
    others |= {
        f"lanmsg/cli/completions/{name}" for name in ("lanmsg.bash", "_lanmsg", "lanmsg.fish", "lanmsg.ps1")
    }
    assert package == sources | others
    assert {f"{DATA}/{path}" for path in SHARED} <= names
    rest = names - package - {f"{DATA}/{path}" for path in SHARED}
    assert {name.partition("/")[0] for name in rest} == {f"lanmsg-{__version__}.dist-info"}


def test_the_metadata_are_those_of_the_project(wheel: Path) -> None:
    archive = ZipFile(wheel)
    info = f"lanmsg-{__version__}.dist-info"
    metadata = archive.read(f"{info}/METADATA").decode()
    assert f"\nVersion: {__version__}\n" in metadata
    assert "\nRequires-Python: >=3.11\n" in metadata
    assert "\nLicense-Expression: MIT\n" in metadata
    assert "lanmsg = lanmsg.__main__:command" in archive.read(f"{info}/entry_points.txt").decode()
    assert wheel.name == f"lanmsg-{__version__}-py3-none-any.whl"


def test_the_source_archive_is_enough_to_test_and_to_package(unpacked: Path) -> None:
    for name in ("tests/conftest.py", "scripts/check", "docs/lanmsg.1", "protocol.md", "constraints.txt"):
        assert (unpacked / name).exists(), name
    assert not list(unpacked.rglob("__pycache__"))


def test_what_is_installed_is_what_runs(installed: Path) -> None:
    where = run(installed, "python", "-c", "import lanmsg; print(lanmsg.__file__)")
    assert Path(where.strip()).is_relative_to(installed)
    assert run(installed, "lanmsg", "--version") == f"lanmsg {__version__}\n"
    assert "fingerprint" in run(installed, "lanmsg", "id")
    assert "complete -F _lanmsg lanmsg" in run(installed, "lanmsg", "completion", "bash")
    assert f"ExecStart={installed}/bin/python" in run(installed, "lanmsg", "service", "show")
    for path in SHARED:
        assert (installed / path).exists(), path
