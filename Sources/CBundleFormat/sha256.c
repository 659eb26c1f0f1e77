/* SHA-256 as FIPS 180-4 describes it. */
#include "sha256.h"

#include <string.h>

const uint32_t ingot_sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static inline uint32_t rotate(uint32_t word, unsigned count) { return word >> count | word << (32 - count); }

static inline uint32_t load_big_endian(const uint8_t *bytes) {
  return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* One round with the eight working variables renamed instead of moved. */
#define SHA256_ROUND(a, b, c, d, e, f, g, h, i)                                                            \
  do {                                                                                                     \
    const uint32_t sum = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) +       \
                         ingot_sha256_constants[i] + schedule[(i) & 15];                                   \
    d += sum;                                                                                              \
    h = sum + (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));              \
  } while (0)

static void compress_portable(uint32_t state[8], const uint8_t *data, size_t blocks) {
  for (; blocks != 0; blocks--, data += 64) {
    uint32_t schedule[16];
    for (unsigned i = 0; i < 16; i++) schedule[i] = load_big_endian(data + 4 * i);
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (unsigned i = 0; i < 64; i += 8) {
      if (i >= 16) {
        for (unsigned j = i; j < i + 8; j++) {
          const uint32_t early = schedule[(j + 1) & 15], late = schedule[(j + 14) & 15];
          schedule[j & 15] += (rotate(early, 7) ^ rotate(early, 18) ^ early >> 3) + schedule[(j + 9) & 15] +
                              (rotate(late, 17) ^ rotate(late, 19) ^ late >> 10);
        }
      }
      SHA256_ROUND(a, b, c, d, e, f, g, h, i);
      SHA256_ROUND(h, a, b, c, d, e, f, g, i + 1);
      SHA256_ROUND(g, h, a, b, c, d, e, f, i + 2);
      SHA256_ROUND(f, g, h, a, b, c, d, e, i + 3);
      SHA256_ROUND(e, f, g, h, a, b, c, d, i + 4);
      SHA256_ROUND(d, e, f, g, h, a, b, c, i + 5);
      SHA256_ROUND(c, d, e, f, g, h, a, b, i + 6);
      SHA256_ROUND(b, c, d, e, f, g, h, a, i + 7);
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
  }
}
#undef SHA256_ROUND

static void compress(ingot_sha256 *hash, const uint8_t *data, size_t blocks) {
  if (hash->accelerated) ingot_sha256_accelerated(hash->state, data, blocks);
  else compress_portable(hash->state, data, blocks);
}

void ingot_sha256_begin(ingot_sha256 *hash) {
  static const uint32_t initial[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(hash->state, initial, sizeof initial);
  hash->bytes = 0;
  hash->accelerated = ingot_sha256_has_instructions();
}

void ingot_sha256_add(ingot_sha256 *hash, const void *data, size_t bytes) {
  if (bytes == 0) return;
  const uint8_t *source = data;
  const size_t held = (size_t)(hash->bytes & 63);
  hash->bytes += bytes;
  if (held != 0) {
    const size_t wanted = 64 - held, taken = bytes < wanted ? bytes : wanted;
    memcpy(hash->block + held, source, taken);
    if (taken < wanted) return;
    compress(hash, hash->block, 1);
    source += taken;
    bytes -= taken;
  }
  compress(hash, source, bytes / 64);
  memcpy(hash->block, source + (bytes & ~(size_t)63), bytes & 63);
}

void ingot_sha256_end(ingot_sha256 *hash, uint8_t digest[32]) {
  const uint64_t bits = hash->bytes * 8;
  size_t held = (size_t)(hash->bytes & 63);
  hash->block[held++] = 0x80;
  if (held > 56) {
    memset(hash->block + held, 0, 64 - held);
    compress(hash, hash->block, 1);
    held = 0;
  }
  memset(hash->block + held, 0, 56 - held);
  for (unsigned i = 0; i < 8; i++) hash->block[56 + i] = (uint8_t)(bits >> (56 - 8 * i));
  compress(hash, hash->block, 1);
  for (unsigned i = 0; i < 32; i++) digest[i] = (uint8_t)(hash->state[i / 4] >> (24 - 8 * (i % 4)));
}
