/* Vectors of FIPS 180-4 and its examples, and the CPU's own instructions against what every CPU can do. */
#include "check.h"
#include "ingot_format.h"

#include <stdio.h>
#include <string.h>

static void digest_of(const uint8_t *data, size_t bytes, size_t piece, bool accelerated, uint8_t digest[32]) {
  ingot_sha256 hash;
  ingot_sha256_begin(&hash);
  hash.accelerated &= accelerated;
  for (size_t i = 0; i < bytes; i += piece) ingot_sha256_add(&hash, data + i, bytes - i < piece ? bytes - i : piece);
  ingot_sha256_end(&hash, digest);
}

/* Every length up to several blocks, from every alignment. */
static void expect_same_by_instructions(void) {
  uint8_t data[700], portable[32], accelerated[32];
  uint32_t state = 1;
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)((state = state * 1664525 + 1013904223) >> 24);
  for (size_t bytes = 0; bytes < 600; bytes++) {
    digest_of(data + bytes % 17, bytes, 1 + bytes % 200, false, portable);
    digest_of(data + bytes % 17, bytes, 1 + bytes % 97, true, accelerated);
    check(memcmp(portable, accelerated, sizeof portable) == 0, "sha256 of %zu bytes is another by instructions", bytes);
  }
}

static void expect(const char *text, size_t repeats, size_t piece, const char *digest) {
  ingot_sha256 hash;
  uint8_t found[32];
  char hex[65];
  ingot_sha256_begin(&hash);
  for (size_t r = 0; r < repeats; r++)
    for (size_t i = 0; i < strlen(text); i += piece)
      ingot_sha256_add(&hash, text + i, strlen(text) - i < piece ? strlen(text) - i : piece);
  ingot_sha256_end(&hash, found);
  for (int i = 0; i < 32; i++) snprintf(hex + 2 * i, 3, "%02x", found[i]);
  check(strcmp(hex, digest) == 0, "sha256 of %zu times '%.10s' by %zu is %s", repeats, text, piece, hex);
}

void test_sha256(void) {
  expect_same_by_instructions();
  const char *long_text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (size_t piece = 1; piece < 70; piece += 3) {
    expect("", 1, piece, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect("abc", 1, piece, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(long_text, 1, piece, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  }
  expect("aaaaaaaaaa", 100000, 10, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
