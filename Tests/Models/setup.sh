#!/bin/sh
# Makes build/models-venv, the Python environment of Tests/Models, Tests/Bench and Graphs/Demo/train.py.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
venv="$root/build/models-venv"
python3 -m venv "$venv"
pip="$venv/bin/python -m pip --quiet --disable-pip-version-check"
# The CPU-only build is not on PyPI; where no index offers it, the default build does as well.
$pip install "torch==2.13.0+cpu" 2>/dev/null || $pip install "torch==2.13.0"
$pip install -r "$root/Tests/Models/requirements.txt"
echo "$venv/bin/python"
