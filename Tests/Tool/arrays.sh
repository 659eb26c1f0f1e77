# Arrays of floats without Python.

# npy SHAPE BYTES: a .npy file of f32; the shape as Python writes it, the bytes as printf escapes.
npy() {
  printf '\x93NUMPY\x01\x00\x76\x00'
  printf '%-117s\n' "{'descr': '<f4', 'fortran_order': False, 'shape': $1, }"
  printf "$2"
}

# floats FILE COUNT: the last COUNT numbers of a file of f32, one a line.
floats() { tail -c $((4 * $2)) "$1" | od -An -v -tf4 -w4; }

# as_f32 NUMBER...: a few numbers as printf escapes.
as_f32() {
  local number
  for number in "$@"; do
    case $number in
      -3) printf '\\x00\\x00\\x40\\xc0' ;;
      -1) printf '\\x00\\x00\\x80\\xbf' ;;
      0) printf '\\x00\\x00\\x00\\x00' ;;
      0.5) printf '\\x00\\x00\\x00\\x3f' ;;
      2) printf '\\x00\\x00\\x00\\x40' ;;
    esac
  done
}
