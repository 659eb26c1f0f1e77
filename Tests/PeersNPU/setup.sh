#!/usr/bin/env bash
# Makes build/peers-npu-venv, the Python environment of vela and TensorFlow, unless it is there as said here. Prints the path
# of its interpreter.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv="$(cd "$here/../.." && pwd)/build/peers-npu-venv"
wanted=$(sha256sum <"$here/setup.sh")
if [ "$(cat "$venv/made-from" 2>/dev/null)" != "$wanted" ]; then
  echo "installing vela and TensorFlow into $venv" >&2
  rm -rf "$venv"
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip --quiet --disable-pip-version-check install \
    ethos-u-vela==5.2.0 tensorflow-cpu==2.21.0 keras==3.15.1 onnx==1.23.2 numpy==2.4.6 >&2
  echo "$wanted" >"$venv/made-from"
fi
echo "$venv/bin/python"
