#!/usr/bin/env bash
# Makes build/models-venv, the Python environment of Tests/Models, Tests/Bench and Graphs/Demo/train.py, unless it is
# there as the requirements say. Prints the path of its interpreter.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv="$(cd "$here/../.." && pwd)/build/models-venv"
wanted=$(cat "$here/setup.sh" "$here/requirements.txt" | sha256sum)
if [ "$(cat "$venv/made-from" 2>/dev/null)" != "$wanted" ]; then
  bash "$here/../Tool/install-packages.sh" python3 python3-venv >&2
  echo "installing Python packages into $venv" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  install() { "$venv/bin/python" -m pip --quiet --disable-pip-version-check install "$@" >&2; }
  # The CPU-only build is not on PyPI; where no index offers it, the default build does as well.
  install "torch==2.13.0+cpu" 2>/dev/null || install "torch==2.13.0"
  install -r "$here/requirements.txt"
  echo "$wanted" >"$venv/made-from"
fi
echo "$venv/bin/python"
