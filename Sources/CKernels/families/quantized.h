/* Blocks of quantized integers: loaded as int32, rescaled, stored. */
#include "../rescaling.h"

typedef int8_t quantized_bytes __attribute__((vector_size(LANES)));
typedef uint8_t quantized_unsigned_bytes __attribute__((vector_size(LANES)));

#if !RESCALING_VECTORS
typedef int64_t vl __attribute__((vector_size(4 * LANES)));
typedef int32_t quantized_half __attribute__((vector_size(2 * LANES)));
typedef struct {
  vl one, other;
} rescaling_products;

KERNEL_INLINE rescaling_products rescaling_multiply(vi x, vi y) {
  quantized_half a[2], b[2];
  memcpy(a, &x, sizeof a);
  memcpy(b, &y, sizeof b);
  return (rescaling_products){__builtin_convertvector(a[0], vl) * __builtin_convertvector(b[0], vl),
                              __builtin_convertvector(a[1], vl) * __builtin_convertvector(b[1], vl)};
}
/* The lower 32 bits of each. */
KERNEL_INLINE vi rescaling_words(rescaling_products p, int upper) {
  (void)upper;
  const quantized_half halves[2] = {__builtin_convertvector(p.one, quantized_half), __builtin_convertvector(p.other, quantized_half)};
  vi words;
  memcpy(&words, halves, sizeof words);
  return words;
}
#endif

/* x / 2^shift, rounded half up, where that fits 32 bits. Few instruction sets have an arithmetic shift of 64 bits: with 2^63 added the
 * logical one gives 2^(63 - shift) too much. */
KERNEL_INLINE vi quantized_shifted(rescaling_products x, int64_t shift) {
  typedef uint64_t vul __attribute__((vector_size(4 * LANES)));
  const vul add = (uint64_t)1 << 63 | ((uint64_t)1 << shift) >> 1 | (vul){0};
  const rescaling_products y = {(vl)(((vul)x.one + add) >> (uint64_t)shift), (vl)(((vul)x.other + add) >> (uint64_t)shift)};
  return (vi)((vu)rescaling_words(y, 0) - (uint32_t)(((uint64_t)1 << 63) >> shift));
}

KERNEL_INLINE vi quantized_larger(vi x, vi y) { return ((x > y) & x) | ((x <= y) & y); }
KERNEL_INLINE vi quantized_limited(vi x, vi least, vi most) {
  const vi above = ((x < least) & least) | ((x >= least) & x);
  return ((above > most) & most) | ((above <= most) & above);
}

/* Of LANES numbers. gcc converts vectors of bytes lane by lane where there is an instruction for it. */
KERNEL_INLINE vi quantized_widened_i8(const int8_t *p) {
#if defined(KERNEL_USES_AVX512)
  __m128i bits;
  memcpy(&bits, p, sizeof bits);
  return (vi)_mm512_cvtepi8_epi32(bits);
#elif defined(KERNEL_USES_AVX2)
  __m128i bits = _mm_setzero_si128();
  memcpy(&bits, p, 8);
  return (vi)_mm256_cvtepi8_epi32(bits);
#else
  quantized_bytes small;
  memcpy(&small, p, sizeof small);
  return __builtin_convertvector(small, vi);
#endif
}
KERNEL_INLINE vi quantized_widened_u8(const uint8_t *p) {
#if defined(KERNEL_USES_AVX512)
  __m128i bits;
  memcpy(&bits, p, sizeof bits);
  return (vi)_mm512_cvtepu8_epi32(bits);
#elif defined(KERNEL_USES_AVX2)
  __m128i bits = _mm_setzero_si128();
  memcpy(&bits, p, 8);
  return (vi)_mm256_cvtepu8_epi32(bits);
#else
  quantized_unsigned_bytes small;
  memcpy(&small, p, sizeof small);
  return __builtin_convertvector(small, vi);
#endif
}
KERNEL_INLINE vi quantized_widened_i16(const int16_t *p) {
#if defined(KERNEL_USES_AVX512)
  __m256i bits;
  memcpy(&bits, p, sizeof bits);
  return (vi)_mm512_cvtepi16_epi32(bits);
#elif defined(KERNEL_USES_AVX2)
  __m128i bits = _mm_setzero_si128();
  memcpy(&bits, p, 16);
  return (vi)_mm256_cvtepi16_epi32(bits);
#else
  vs_half small;
  memcpy(&small, p, sizeof small);
  return __builtin_convertvector(small, vi);
#endif
}

#define QUANTIZED_CHUNK 4096
/* Blocks have room for a last vector, whose lanes beyond the block are any numbers. */
#define QUANTIZED_BLOCK RESCALING_BLOCK
#define QUANTIZED_ROOM (QUANTIZED_BLOCK + LANES)

#define QUANTIZED_LOAD(type, load)                                             \
  {                                                                            \
    const type *source = (const type *)x + first;                              \
    int64_t i = 0;                                                             \
    for (; i + LANES <= n; i += LANES)                                         \
      vi_store(y + i, (vi)((vu)load(source + i) - (uint32_t)zero));            \
    for (; i < n; i++) y[i] = (int32_t)((uint32_t)source[i] - (uint32_t)zero); \
    break;                                                                     \
  }
/* n integers less a zero point, wrapping; with a step of 0 the first n times. */
KERNEL_STATIC void quantized_load(const void *x, uint32_t element, int64_t first, int64_t n, int64_t step, int32_t zero, int32_t *y) {
  if (step == 0) {
    const vi value = v_set_int((int32_t)((uint32_t)kernel_load_integer(x, element, first) - (uint32_t)zero));
    for (int64_t i = 0; i < n; i += LANES) vi_store(y + i, value);
    return;
  }
  switch (element) {
    case INGOT_I8: QUANTIZED_LOAD(int8_t, quantized_widened_i8)
    case INGOT_U8: QUANTIZED_LOAD(uint8_t, quantized_widened_u8)
    case INGOT_I16: QUANTIZED_LOAD(int16_t, quantized_widened_i16)
    default: QUANTIZED_LOAD(int32_t, vi_load)
  }
  for (int64_t i = n; i % LANES != 0; i++) y[i] = 0;
}
#undef QUANTIZED_LOAD

/* n integers that fit their element. */
KERNEL_STATIC void quantized_store(const int32_t *x, int64_t n, void *y, uint32_t element, int64_t first) {
  if (element == INGOT_I32) memcpy((int32_t *)y + first, x, (size_t)n * sizeof *x);
  else rescaling_narrow(x, n, kernel_element_bytes(element), kernel_at_mutable(y, element, first));
}

/* An element less its zero point is at most 2 to this power, in an int32. */
KERNEL_INLINE int64_t quantized_bits(uint32_t element) { return kernel_least(kernel_element_bytes(element) * 8, 31); }

/* Rows of a tensor around channels: what shares parameters, or, where every element has its own, the last axis; none longer than a
 * piece. */
KERNEL_INLINE int64_t quantized_row_length(const kernel_channels *c, const kernel_pieces *pieces, const kernel_rescaling *r) {
  const int64_t length = !r->per_channel ? c->outer * c->channels * c->inner : c->inner == 1 ? c->channels : c->inner;
  return pieces->length == 0 ? length : kernel_least(length, pieces->length);
}
KERNEL_INLINE int64_t quantized_chunks(const kernel_channels *c, const kernel_pieces *pieces, const kernel_rescaling *r) {
  const int64_t length = quantized_row_length(c, pieces, r);
  return c->outer * c->channels * c->inner / length * kernel_ceil_divide(length, QUANTIZED_CHUNK);
}

/* A chunk of a row. */
typedef struct {
  int64_t channel; /* of its first element */
  int64_t step;    /* whether the next have the next channels */
  int64_t x, y, n; /* its first element in both; elements */
} quantized_part;
KERNEL_INLINE quantized_part quantized_chunk(const kernel_channels *c, const kernel_pieces *pieces, const kernel_rescaling *r, int64_t item) {
  const int64_t length = quantized_row_length(c, pieces, r), chunks = kernel_ceil_divide(length, QUANTIZED_CHUNK);
  const int64_t row = item / chunks, start = item % chunks * QUANTIZED_CHUNK, step = c->inner == 1, first = row * length + start;
  quantized_part part = {step ? first % c->channels : first / c->inner % c->channels, step, first, first,
                         kernel_least(QUANTIZED_CHUNK, length - start)};
  if (pieces->length != 0) {
    const int64_t piece = first / pieces->length, within = first % pieces->length;
    part.x = piece * pieces->x_pitch + within, part.y = piece * pieces->y_pitch + within;
  }
  return part;
}
