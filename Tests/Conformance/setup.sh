#!/usr/bin/env bash
# Makes build/conformance-venv, the Python environment of this folder, unless it is there as requirements.txt says.
# Prints the path of its interpreter.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv="$(cd "$here/../.." && pwd)/build/conformance-venv"
wanted=$(cat "$here/setup.sh" "$here/requirements.txt" | sha256sum)
if [ "$(cat "$venv/made-from" 2>/dev/null)" != "$wanted" ]; then
  bash "$here/../Tool/install-packages.sh" python3 python3-venv >&2
  echo "installing Python packages into $venv" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip --quiet --disable-pip-version-check install -r "$here/requirements.txt" >&2
  echo "$wanted" >"$venv/made-from"
fi
echo "$venv/bin/python"
