/* SHA-256 by the instructions of x86 and Arm, which do two or four rounds each.
 *
 * A block's words are held four at a time. ROUNDS does the four rounds that take `words`; SCHEDULE turns the oldest four
 * words, `a`, into the next ones, given all sixteen in order. */
#include "sha256.h"

#define BLOCK_ROUNDS                                                             \
  do {                                                                           \
    ROUNDS(0, w0);                                                               \
    ROUNDS(4, w1);                                                               \
    ROUNDS(8, w2);                                                               \
    ROUNDS(12, w3);                                                              \
    for (unsigned i = 16; i < 64; i += 16) {                                     \
      SCHEDULE(w0, w1, w2, w3);                                                  \
      ROUNDS(i, w0);                                                             \
      SCHEDULE(w1, w2, w3, w0);                                                  \
      ROUNDS(i + 4, w1);                                                         \
      SCHEDULE(w2, w3, w0, w1);                                                  \
      ROUNDS(i + 8, w2);                                                         \
      SCHEDULE(w3, w0, w1, w2);                                                  \
      ROUNDS(i + 12, w3);                                                        \
    }                                                                            \
  } while (0)

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

bool ingot_sha256_has_instructions(void) {
  uint32_t a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || (c & bit_SSSE3) == 0 || (c & bit_SSE4_1) == 0) return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA) != 0;
}

/* The state in the order that the instructions want: a, b, e, f in one register, c, d, g, h in the other. */
#define ROUNDS(first, words)                                                                                        \
  do {                                                                                                              \
    const __m128i sum =                                                                                             \
        _mm_add_epi32(words, _mm_loadu_si128((const __m128i *)(const void *)(ingot_sha256_constants + (first))));   \
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);                                                                  \
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));                                         \
  } while (0)
#define SCHEDULE(a, b, c, d) \
  a = _mm_sha256msg2_epu32(_mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4)), d)

__attribute__((target("sha,sse4.1,ssse3"))) static __m128i load_words(const uint8_t *data) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  return _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(const void *)data), big_endian);
}

__attribute__((target("sha,sse4.1,ssse3"))) void ingot_sha256_accelerated(uint32_t state[8], const uint8_t *data,
                                                                            size_t blocks) {
  __m128i *const stored = (__m128i *)(void *)state;
  const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(stored), 0xb1);
  const __m128i hgfe = _mm_shuffle_epi32(_mm_loadu_si128(stored + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(badc, hgfe, 8), cdgh = _mm_blend_epi16(hgfe, badc, 0xf0);
  for (; blocks != 0; blocks--, data += 64) {
    const __m128i abef_before = abef, cdgh_before = cdgh;
    __m128i w0 = load_words(data), w1 = load_words(data + 16), w2 = load_words(data + 32), w3 = load_words(data + 48);
    BLOCK_ROUNDS;
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b), dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(stored, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(stored + 1, _mm_alignr_epi8(dchg, feba, 8));
}

#elif defined(__aarch64__) && (defined(__linux__) || defined(__ARM_FEATURE_SHA2) || defined(__ARM_FEATURE_CRYPTO))
#include <arm_neon.h>
#if defined(__ARM_FEATURE_SHA2) || defined(__ARM_FEATURE_CRYPTO)
#define SHA2_TARGET
bool ingot_sha256_has_instructions(void) { return true; }
#else
#include <sys/auxv.h>
#define SHA2_TARGET __attribute__((target("+crypto")))
/* HWCAP_SHA2 of asm/hwcap.h, which not every system's headers have. */
bool ingot_sha256_has_instructions(void) { return (getauxval(AT_HWCAP) >> 6 & 1) != 0; }
#endif

#define ROUNDS(first, words)                                                        \
  do {                                                                              \
    const uint32x4_t sum = vaddq_u32(words, vld1q_u32(ingot_sha256_constants + (first))), before = abcd; \
    abcd = vsha256hq_u32(abcd, efgh, sum);                                          \
    efgh = vsha256h2q_u32(efgh, before, sum);                                       \
  } while (0)
#define SCHEDULE(a, b, c, d) a = vsha256su1q_u32(vsha256su0q_u32(a, b), c, d)

SHA2_TARGET static uint32x4_t load_words(const uint8_t *data) { return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(data))); }

SHA2_TARGET void ingot_sha256_accelerated(uint32_t state[8], const uint8_t *data, size_t blocks) {
  uint32x4_t abcd = vld1q_u32(state), efgh = vld1q_u32(state + 4);
  for (; blocks != 0; blocks--, data += 64) {
    const uint32x4_t abcd_before = abcd, efgh_before = efgh;
    uint32x4_t w0 = load_words(data), w1 = load_words(data + 16), w2 = load_words(data + 32), w3 = load_words(data + 48);
    BLOCK_ROUNDS;
    abcd = vaddq_u32(abcd, abcd_before);
    efgh = vaddq_u32(efgh, efgh_before);
  }
  vst1q_u32(state, abcd);
  vst1q_u32(state + 4, efgh);
}

#else
bool ingot_sha256_has_instructions(void) { return false; }

/* Never called. */
void ingot_sha256_accelerated(uint32_t state[8], const uint8_t *data, size_t blocks) {
  (void)state, (void)data, (void)blocks;
}
#endif
