/* Products of small integers, for the instruction set that the including file chose: KERNEL_USES_VNNI (with AVX2 or AVX512) and
 * KERNEL_USES_DOTPROD (with NEON; KERNEL_USES_I8MM with that) may be defined beside those of vector.h.
 *
 * A lane multiplies groups of four bytes along k. Wide ones hold two int16, factors less their zero points (an i16 factor as it
 * is). Narrow ones hold four bytes, or eight in two lanes, for instructions that add as many products: a as i8, and b as what the
 * instruction wants, both with their zero points; a factor of the other sign is moved by 128. */

enum { INTEGER_WIDE, INTEGER_NARROW };
typedef int integer_form; /* one of them */

#if defined(KERNEL_USES_VNNI) || defined(KERNEL_USES_DOTPROD)
#define INTEGER_HAS_NARROW 1
#else
#define INTEGER_HAS_NARROW 0
#endif
#ifdef KERNEL_USES_I8MM
#define INTEGER_NARROW_SPAN 8
#else
#define INTEGER_NARROW_SPAN 4
#endif
#ifdef KERNEL_USES_VNNI
#define INTEGER_NARROW_B INGOT_U8
#else
#define INTEGER_NARROW_B INGOT_I8
#endif

/* Wide groups of a vector of b lie pair by pair, or all first factors before all second ones. */
#if defined(KERNEL_USES_AVX2) || defined(KERNEL_USES_AVX512)
#define INTEGER_PAIRS 1
#else
#define INTEGER_PAIRS 0
#endif

typedef int16_t vs __attribute__((vector_size(4 * LANES)));      /* two for each lane */
typedef int16_t vs_half __attribute__((vector_size(2 * LANES))); /* one for each lane */

KERNEL_INLINE vi vi_load(const int32_t *p) {
  vi x;
  memcpy(&x, p, sizeof x);
  return x;
}
KERNEL_INLINE void vi_store(int32_t *p, vi x) { memcpy(p, &x, sizeof x); }

/* sum + the products of b's groups with one group of a, which every lane of `a` holds; wrapping. */
KERNEL_INLINE vi integer_mac(const integer_form form, vi sum, vi b, vi a) {
#if defined(KERNEL_USES_VNNI) && defined(KERNEL_USES_AVX512)
  if (form == INTEGER_NARROW) return (vi)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)b, (__m512i)a);
  return (vi)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)b, (__m512i)a);
#elif defined(KERNEL_USES_VNNI)
  if (form == INTEGER_NARROW) return (vi)KERNEL_DPBUSD((__m256i)sum, (__m256i)b, (__m256i)a);
  return (vi)KERNEL_DPWSSD((__m256i)sum, (__m256i)b, (__m256i)a);
#elif defined(KERNEL_USES_AVX512)
  (void)form;
  return (vi)_mm512_add_epi32((__m512i)sum, _mm512_madd_epi16((__m512i)b, (__m512i)a));
#elif defined(KERNEL_USES_AVX2)
  (void)form;
  return (vi)_mm256_add_epi32((__m256i)sum, _mm256_madd_epi16((__m256i)b, (__m256i)a));
#elif defined(KERNEL_USES_NEON)
#ifdef KERNEL_USES_DOTPROD
  if (form == INTEGER_NARROW) return (vi)vdotq_s32((int32x4_t)sum, (int8x16_t)b, (int8x16_t)a);
#endif
  (void)form;
  const int16x4_t pair = vget_low_s16((int16x8_t)a);
  const int32x4_t first = vmlal_lane_s16((int32x4_t)sum, vget_low_s16((int16x8_t)b), pair, 0);
  return (vi)vmlal_lane_s16(first, vget_high_s16((int16x8_t)b), pair, 1);
#else
  vs_half factor[2];
  int16_t pair[2];
  (void)form;
  memcpy(factor, &b, sizeof b);
  memcpy(pair, &a, sizeof pair);
  return (vi)((vu)sum + (vu)(__builtin_convertvector(factor[0], vi) * pair[0]) +
              (vu)(__builtin_convertvector(factor[1], vi) * pair[1]));
#endif
}

/* One group in every lane. */
KERNEL_INLINE vi integer_group(const void *p) {
  int32_t group;
  memcpy(&group, p, sizeof group);
  return v_set_int(group);
}

/* A vector of wide groups from LANES factors of each of two lines. */
KERNEL_INLINE void integer_interleave_wide(const int16_t *first, const int16_t *second, int32_t *y) {
#if INTEGER_PAIRS
  vs_half line[2];
  memcpy(&line[0], first, sizeof line[0]);
  memcpy(&line[1], second, sizeof line[1]);
#endif
#if INTEGER_PAIRS && LANES == 16
  const __m512i order = _mm512_setr_epi64(0, 1, 4, 5, 2, 3, 6, 7);
  const __m256i a = (__m256i)line[0], b = (__m256i)line[1];
  const __m512i both = _mm512_inserti64x4(_mm512_castsi256_si512(_mm256_unpacklo_epi16(a, b)), _mm256_unpackhi_epi16(a, b), 1);
  vi_store(y, (vi)_mm512_permutexvar_epi64(order, both));
#elif INTEGER_PAIRS
  const __m128i a = (__m128i)line[0], b = (__m128i)line[1];
  vi_store(y, (vi)_mm256_set_m128i(_mm_unpackhi_epi16(a, b), _mm_unpacklo_epi16(a, b)));
#else
  memcpy(y, first, sizeof(vs_half));
  memcpy((char *)y + sizeof(vs_half), second, sizeof(vs_half));
#endif
}

#if INTEGER_HAS_NARROW
/* PANEL narrow groups from PANEL factors of each of as many lines, moved by 128 where `flip` is 0x80. */
KERNEL_INLINE void integer_interleave_narrow(const uint8_t *const line[INTEGER_NARROW_SPAN], int64_t offset, int flip, int32_t *y) {
#ifdef KERNEL_USES_VNNI
  const __m128i move = _mm_set1_epi8((char)flip);
  for (int j = 0; j < 2 * LANES; j += 16) {
    __m128i x[4];
    for (int i = 0; i < 4; i++)
      x[i] = _mm_xor_si128(_mm_loadu_si128((const __m128i *)(const void *)(line[i] + offset + j)), move);
    const __m128i low01 = _mm_unpacklo_epi8(x[0], x[1]), low23 = _mm_unpacklo_epi8(x[2], x[3]);
    const __m128i high01 = _mm_unpackhi_epi8(x[0], x[1]), high23 = _mm_unpackhi_epi8(x[2], x[3]);
    __m128i *target = (__m128i *)(void *)(y + j);
    _mm_storeu_si128(target, _mm_unpacklo_epi16(low01, low23));
    _mm_storeu_si128(target + 1, _mm_unpackhi_epi16(low01, low23));
    _mm_storeu_si128(target + 2, _mm_unpacklo_epi16(high01, high23));
    _mm_storeu_si128(target + 3, _mm_unpackhi_epi16(high01, high23));
  }
#elif defined(KERNEL_USES_I8MM)
  const uint8x8_t move = vdup_n_u8((uint8_t)flip);
  uint16x8_t pair[4];
  for (int i = 0; i < 4; i++) {
    const uint8x8_t one = veor_u8(vld1_u8(line[2 * i] + offset), move), other = veor_u8(vld1_u8(line[2 * i + 1] + offset), move);
    pair[i] = vreinterpretq_u16_u8(vzip1q_u8(vcombine_u8(one, one), vcombine_u8(other, other)));
  }
  const uint32x4_t low[2] = {vreinterpretq_u32_u16(vzip1q_u16(pair[0], pair[1])), vreinterpretq_u32_u16(vzip2q_u16(pair[0], pair[1]))};
  const uint32x4_t high[2] = {vreinterpretq_u32_u16(vzip1q_u16(pair[2], pair[3])), vreinterpretq_u32_u16(vzip2q_u16(pair[2], pair[3]))};
  for (int i = 0; i < 2; i++) {
    vst1q_u32((uint32_t *)y + 8 * i, vzip1q_u32(low[i], high[i]));
    vst1q_u32((uint32_t *)y + 8 * i + 4, vzip2q_u32(low[i], high[i]));
  }
#else
  const uint8x8_t move = vdup_n_u8((uint8_t)flip);
  uint8x8x4_t x;
  for (int i = 0; i < 4; i++) x.val[i] = veor_u8(vld1_u8(line[i] + offset), move);
  vst4_u8((uint8_t *)y, x);
#endif
}
#endif

/* n factors less their zero points, one for all, as int16: whole chunks of them, of which the last may be reached beyond n. */
#if INTEGER_PAIRS
#define INTEGER_CHUNK 16
#else
#define INTEGER_CHUNK 8
#endif
typedef int8_t integer_bytes __attribute__((vector_size(INTEGER_CHUNK)));
typedef uint8_t integer_unsigned_bytes __attribute__((vector_size(INTEGER_CHUNK)));
typedef int16_t integer_chunk __attribute__((vector_size(2 * INTEGER_CHUNK)));

KERNEL_STATIC void integer_widen(const void *x, uint32_t element, int64_t n, int16_t zero, int16_t *y) {
  for (int64_t i = 0; i < n; i += INTEGER_CHUNK) {
    integer_chunk words;
    if (element == INGOT_I16) {
      memcpy(&words, (const int16_t *)x + i, sizeof words);
    } else if (element == INGOT_I8) {
      integer_bytes bytes;
      memcpy(&bytes, (const int8_t *)x + i, sizeof bytes);
      words = __builtin_convertvector(bytes, integer_chunk);
    } else {
      integer_unsigned_bytes bytes;
      memcpy(&bytes, (const uint8_t *)x + i, sizeof bytes);
      words = __builtin_convertvector(bytes, integer_chunk);
    }
    words -= zero;
    memcpy(y + i, &words, sizeof words);
  }
}
