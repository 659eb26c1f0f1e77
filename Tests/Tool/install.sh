#!/usr/bin/env bash
# Installs the C library into a folder, builds a program against it as others would, and removes it again.
#
#   install.sh [INGOT [BUNDLE]]
#
# With a tool, it is installed too, and must find its chips there; with a bundle, the program runs it.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
tool=${1:+$(realpath "$1")}
bundle=${2:+$(realpath "$2")}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
source "$here/expect.sh"

prefix="$scratch/a prefix"
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig"
install_library() { make -s -C "$root" install-library PREFIX="$prefix" "$@" >out 2>err; }

is "make install-library failed: $(install_library 2>&1; head -3 err)" test -f "$prefix/lib/libingot.a"
for file in lib/libingot.so lib/libingot.so.0 include/ingot.h lib/pkgconfig/ingot.pc share/ingot/targets/cpu-arm64.json; do
  [ "$(uname)" = Darwin ] && file=${file/libingot.so.0/libingot.0.dylib} && file=${file/libingot.so/libingot.dylib}
  is "$file was not installed" test -e "$prefix/$file"
done
is "pkg-config does not know the version" test "$(pkg-config --modversion ingot)" = 0.1.0

# Spaces in a prefix come out of pkg-config escaped, as the shell reads them.
flags() { eval "words=($(pkg-config "$@" ingot))"; }
build() { cc -std=c11 "$root/Tests/C/embed.c" -o "$1" "${words[@]}" >out 2>err; }
flags --cflags --libs
is "embed.c can't be built with the shared library" build shared
export LD_LIBRARY_PATH="$prefix/lib"
is "the program does not run with the shared library" sh -c './shared; test $? -eq 2'
if [ "$(uname)" != Darwin ]; then
  is "the shared library is not found by its soname" sh -c 'ldd shared | grep -q "libingot.so.0 => "'
  exported=$(nm -D --defined-only "$prefix/lib/libingot.so" | awk '{ print $3 }' | sort)
  declared=$(grep -oE '\bingot_[a-z_]+\(' "$prefix/include/ingot.h" | tr -d '(' | sort -u)
  is "the shared library exports other names than ingot.h declares: $(comm -3 <(echo "$exported") <(echo "$declared") | tr '\n' ' ')" \
    test "$exported" = "$declared"
fi
flags --cflags --libs --static
words=("${words[@]/#-lingot/$prefix/lib/libingot.a}")
is "embed.c can't be built with the static library" build static
unset LD_LIBRARY_PATH
is "the program does not run with the static library" sh -c './static; test $? -eq 2'
if [ -n "$bundle" ]; then is "the program does not run a bundle" ./static "$bundle"; fi

# The installed tool finds the chips in share, wherever both lie.
if [ -n "$tool" ]; then
  mkdir -p "$prefix/bin"
  cp "$tool" "$prefix/bin/ingot"
  cd /
  is "the installed tool does not find its chips" sh -c '"$1" targets | grep -q cpu-arm64' - "$prefix/bin/ingot"
  cd "$scratch"
fi

is "make uninstall failed" make -s -C "$root" uninstall PREFIX="$prefix"
is "make uninstall left $(find "$prefix" ! -type d)" test -z "$(find "$prefix" ! -type d)"

# Into a stage, without zstd.
is "staging failed" make -s -C "$root" install-library PREFIX=/usr DESTDIR="$scratch/stage" NO_ZSTD=1
is "the stage has no library" test -e stage/usr/lib/libingot.a
is "ingot.pc names the stage" grep -qx 'prefix=/usr' stage/usr/lib/pkgconfig/ingot.pc
is "the library without zstd asks for it" sh -c '! grep -q zstd stage/usr/lib/pkgconfig/ingot.pc && ! nm -u stage/usr/lib/libingot.a | grep -q ZSTD'

printf '%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
