# Arrays without Python.

# npy TYPE SHAPE BYTES: a .npy file; type and shape as NumPy writes them, the bytes as printf escapes.
npy() {
  printf '\x93NUMPY\x01\x00\x76\x00'
  printf '%-117s\n' "{'descr': '<$1', 'fortran_order': False, 'shape': $2, }"
  printf "$3"
}

# floats FILE COUNT: the last COUNT numbers of a file of f32, one a line.
floats() { tail -c $((4 * $2)) "$1" | od -An -v -tf4 -w4; }

# same_floats A B COUNT: whether the last COUNT numbers of two files of f32 agree within 1e-4 of the largest.
same_floats() {
  paste <(floats "$1" "$3") <(floats "$2" "$3") | awk -v count="$3" '
    { d = $1 - $2; if (d < 0) d = -d; m = $2 < 0 ? -$2 : $2; if (d > worst) worst = d; if (m > most) most = m }
    END { exit !(NR == count && most > 0 && worst <= 1e-4 * most) }'
}

# as_f32 NUMBER...: a few numbers as printf escapes.
as_f32() {
  local number
  for number in "$@"; do
    case $number in
      -3) printf '\\x00\\x00\\x40\\xc0' ;;
      -1) printf '\\x00\\x00\\x80\\xbf' ;;
      0) printf '\\x00\\x00\\x00\\x00' ;;
      1) printf '\\x00\\x00\\x80\\x3f' ;;
      0.5) printf '\\x00\\x00\\x00\\x3f' ;;
      1) printf '\\x00\\x00\\x80\\x3f' ;;
      2) printf '\\x00\\x00\\x00\\x40' ;;
      3) printf '\\x00\\x00\\x40\\x40' ;;
    esac
  done
}
