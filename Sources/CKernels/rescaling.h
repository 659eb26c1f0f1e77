/* Integers of one scale as integers of another; exact, so that every instruction set gives the same. Behind vector.h they are
 * rescaled in vectors. */
#ifndef KERNEL_RESCALING
#define KERNEL_RESCALING
#include "internal.h"

#define RESCALING_BLOCK 256

/* A product / 2^shift for a shift from 0 to 62, and whether the factor that is scaled is negative. */
KERNEL_INLINE int64_t rescaled_product(int64_t product, int negative, int64_t shift, uint32_t rounding) {
  const int64_t half = ((int64_t)1 << shift) >> 1;
  int64_t sum = product + half;
  if (rounding == INGOT_RESCALE_TWO_ROUNDINGS && shift > 31) sum += negative ? -((int64_t)1 << 30) : (int64_t)1 << 30;
  int64_t rounded = sum >> shift; /* gcc and clang shift in the sign */
  if (rounding == INGOT_RESCALE_HALF_EVEN && shift > 0 && (sum & (((int64_t)1 << shift) - 1)) == 0) rounded &= ~(int64_t)1;
  return rounded;
}
/* No intermediate result exceeds 2^62 + 2^61 + 2^30. */
KERNEL_INLINE int64_t rescaled_value(int32_t v, int64_t multiplier, int64_t shift, uint32_t rounding) {
  return rescaled_product((int64_t)v * multiplier, v < 0, shift, rounding);
}

KERNEL_INLINE int64_t rescaling_shift(const kernel_rescaling *r, int64_t channel) {
  return kernel_least(kernel_most(r->shift[channel], 0), 62);
}

/* One block of values of one channel, or with `step` 1 of neighbouring ones; `rounding` is known where it is inlined. */
KERNEL_INLINE void rescale_values(const kernel_rescaling *r, const int32_t *v, int64_t n, int64_t channel, int64_t step,
                                  uint32_t rounding, int32_t *y) {
  const int64_t zero = kernel_load_integer(r->zero, r->y_element, 0), least = r->least, most = r->most;
  for (int64_t i = 0; i < n; i++) {
    const int64_t shift = rescaling_shift(r, channel + i * step);
    const int64_t value = rescaled_value(v[i], r->multiplier[channel + i * step], shift, rounding) + zero;
    y[i] = (int32_t)(value < least ? least : value > most ? most : value);
  }
}

#if defined(LANES) && (defined(KERNEL_USES_AVX2) || defined(KERNEL_USES_AVX512) || defined(KERNEL_USES_NEON))
#define RESCALING_VECTORS 1

/* Products of neighbours, as int64: of the first of each two and of the second, or of the lower and the upper half. */
typedef int64_t vl __attribute__((vector_size(4 * LANES)));
typedef struct {
  vl one, other;
} rescaling_products;

KERNEL_INLINE rescaling_products rescaling_multiply(vi x, vi y) {
#if defined(KERNEL_USES_AVX512)
  const __m512i x_other = _mm512_srli_epi64((__m512i)x, 32), y_other = _mm512_srli_epi64((__m512i)y, 32);
  return (rescaling_products){(vl)_mm512_mul_epi32((__m512i)x, (__m512i)y), (vl)_mm512_mul_epi32(x_other, y_other)};
#elif defined(KERNEL_USES_AVX2)
  const __m256i x_other = _mm256_srli_epi64((__m256i)x, 32), y_other = _mm256_srli_epi64((__m256i)y, 32);
  return (rescaling_products){(vl)_mm256_mul_epi32((__m256i)x, (__m256i)y), (vl)_mm256_mul_epi32(x_other, y_other)};
#else
  return (rescaling_products){(vl)vmull_s32(vget_low_s32((int32x4_t)x), vget_low_s32((int32x4_t)y)),
                              (vl)vmull_high_s32((int32x4_t)x, (int32x4_t)y)};
#endif
}

/* The int32 x in the places of their products: sign-extended, or moved up by 32 bits. */
KERNEL_INLINE rescaling_products rescaling_spread(vi x, int up) {
#if defined(KERNEL_USES_NEON)
  const int64x2_t one = vmovl_s32(vget_low_s32((int32x4_t)x)), other = vmovl_high_s32((int32x4_t)x);
  return up ? (rescaling_products){(vl)vshlq_n_s64(one, 32), (vl)vshlq_n_s64(other, 32)} : (rescaling_products){(vl)one, (vl)other};
#else
  const vl upper = (vl)x & (vl)((vl){0} - ((int64_t)1 << 32)), lower = (vl)x << 32;
  return up ? (rescaling_products){lower, upper} : (rescaling_products){lower >> 32, upper >> 32};
#endif
}

/* The upper or lower 32 bits of each, in order. */
KERNEL_INLINE vi rescaling_words(rescaling_products p, int upper) {
#if defined(KERNEL_USES_AVX512)
  const __m512i one = upper ? _mm512_srli_epi64((__m512i)p.one, 32) : (__m512i)p.one;
  const __m512i other = upper ? (__m512i)p.other : _mm512_slli_epi64((__m512i)p.other, 32);
  return (vi)_mm512_mask_blend_epi32(0xaaaa, one, other);
#elif defined(KERNEL_USES_AVX2)
  const __m256i one = upper ? _mm256_srli_epi64((__m256i)p.one, 32) : (__m256i)p.one;
  const __m256i other = upper ? (__m256i)p.other : _mm256_slli_epi64((__m256i)p.other, 32);
  return (vi)_mm256_blend_epi32(one, other, 0xaa);
#else
  const int32x4_t one = (int32x4_t)p.one, other = (int32x4_t)p.other;
  return (vi)(upper ? vuzp2q_s32(one, other) : vuzp1q_s32(one, other));
#endif
}

/* What the values of some channels are rescaled with. Products are shifted by 32 or more: where the shift is below, values are
 * multiplied by 2^up before. Their products with multipliers of 2^19 or more are beyond any element of two bytes where they would
 * not fit, so that values are limited to what fits. */
typedef struct {
  vi multiplier, shift; /* less 32 */
  rescaling_products half;
  vi up, limit;         /* the largest value before the former */
  vi second;            /* of INGOT_RESCALE_TWO_ROUNDINGS: 2^30, or 0 for shifts below 32 */
} rescaling_vector;

#define RESCALING_LEAST_SHIFT 2
#define RESCALING_LEAST_MULTIPLIER (1 << 19)

/* How a channel is rescaled in vectors: not, with shifts of 32 or more, or with values moved up. */
enum { RESCALING_SCALAR, RESCALING_PLAIN, RESCALING_MOVED };
KERNEL_INLINE int rescaling_way(const kernel_rescaling *r, int64_t channel) {
  const int64_t multiplier = r->multiplier[channel], magnitude = multiplier < 0 ? -multiplier : multiplier;
  if (r->shift[channel] >= 32) return RESCALING_PLAIN;
  return r->shift[channel] >= RESCALING_LEAST_SHIFT && (multiplier == 0 || magnitude >= RESCALING_LEAST_MULTIPLIER) ? RESCALING_MOVED
                                                                                                                   : RESCALING_SCALAR;
}

KERNEL_INLINE rescaling_vector rescaling_vector_of(vi multiplier, vi shift) {
  const vi below = shift < 32, up = below & (32 - shift);
  rescaling_vector v = {multiplier, ~below & (shift - 32), {{0}, {0}}, up, v_set_int(INT32_MAX) >> up, ~below & (1 << 30)};
  /* 2^(shift - 1) = 2^31 * 2^(shift - 32) */
  const vi power = v_set_int(1) << v.shift;
  const rescaling_products wide = rescaling_spread(power, 1);
  v.half.one = wide.one >> 1, v.half.other = wide.other >> 1;
  return v;
}

KERNEL_INLINE vi rescaling_limited(vi x, vi least, vi most) {
#if defined(KERNEL_USES_AVX512)
  return (vi)_mm512_min_epi32(_mm512_max_epi32((__m512i)x, (__m512i)least), (__m512i)most);
#elif defined(KERNEL_USES_AVX2)
  return (vi)_mm256_min_epi32(_mm256_max_epi32((__m256i)x, (__m256i)least), (__m256i)most);
#else
  return (vi)vminq_s32(vmaxq_s32((int32x4_t)x, (int32x4_t)least), (int32x4_t)most);
#endif
}

/* v * multiplier / 2^shift, or what an element of two bytes can't hold either; `way` is known where it is inlined. */
KERNEL_INLINE vi rescaled_vector(const rescaling_vector *r, vi v, const uint32_t rounding, const int way) {
  if (way == RESCALING_MOVED) v = rescaling_limited(v, ~r->limit, r->limit) << r->up;
  rescaling_products sum = rescaling_multiply(v, r->multiplier);
  sum.one += r->half.one, sum.other += r->half.other;
  if (rounding == INGOT_RESCALE_TWO_ROUNDINGS) {
    const vi second = way == RESCALING_MOVED ? r->second : v_set_int(1 << 30), negative = v < 0;
    const rescaling_products sign = rescaling_spread((second ^ negative) - negative, 0);
    sum.one += sign.one, sum.other += sign.other;
  }
  const vi upper = rescaling_words(sum, 1), rounded = upper >> r->shift;
  if (rounding != INGOT_RESCALE_HALF_EVEN) return rounded;
  const vi rest = rescaling_words(sum, 0) | (upper & ((v_set_int(1) << r->shift) - 1));
  return rounded & ~((rest == 0) & 1);
}

/* Stores integers that fit an element of one or two bytes. */
KERNEL_INLINE void rescaling_store(vi x, int64_t bytes, void *y) {
  typedef int16_t halves __attribute__((vector_size(2 * LANES)));
  const halves half = __builtin_convertvector(x, halves);
  if (bytes == 2) {
    memcpy(y, &half, sizeof half);
    return;
  }
#if defined(KERNEL_USES_AVX512)
  const __m128i quarter = _mm512_cvtepi32_epi8((__m512i)x);
#else
  typedef int8_t quarters __attribute__((vector_size(LANES)));
  const quarters quarter = __builtin_convertvector(half, quarters);
#endif
  memcpy(y, &quarter, LANES);
}

/* What the n values of one channel, or with `step` 1 of neighbouring ones, are rescaled with: one vector, or one for LANES of them.
 * The way for all of them. */
KERNEL_INLINE int rescaling_prepare(const kernel_rescaling *r, int64_t n, int64_t channel, int64_t step, rescaling_vector *vectors) {
  if (r->y_element == INGOT_I32) return RESCALING_SCALAR; /* a zero point or a result beyond 16 bits */
  int way = RESCALING_PLAIN;
  for (int64_t i = 0; i < (step == 0 ? 1 : n); i++) {
    const int own = rescaling_way(r, channel + i);
    if (own == RESCALING_SCALAR) return own;
    if (own == RESCALING_MOVED) way = own;
  }
  if (step == 0) {
    vectors[0] = rescaling_vector_of(v_set_int(r->multiplier[channel]), v_set_int((int32_t)rescaling_shift(r, channel)));
    return way;
  }
  for (int64_t i = 0; i < n; i += LANES) {
    int32_t multiplier[LANES], shift[LANES];
    for (int64_t j = 0; j < LANES; j++) {
      const int64_t index = channel + kernel_least(i + j, n - 1);
      multiplier[j] = r->multiplier[index], shift[j] = (int32_t)rescaling_shift(r, index);
    }
    vi multipliers, shifts;
    memcpy(&multipliers, multiplier, sizeof multipliers), memcpy(&shifts, shift, sizeof shifts);
    vectors[i / LANES] = rescaling_vector_of(multipliers, shifts);
  }
  return way;
}

/* As rescale_block of v + term, wrapping, with what rescaling_prepare gave; `rounding` and `way` are known where it is inlined. */
KERNEL_INLINE void rescale_vectors(const kernel_rescaling *r, const rescaling_vector *vectors, int32_t term, const int32_t *v, int64_t n,
                                   int64_t step, const uint32_t rounding, const int way, void *y, int64_t first) {
  const int64_t bytes = kernel_element_bytes(r->y_element);
  char *target = (char *)y + first * bytes;
  const vi zero = v_set_int((int32_t)kernel_load_integer(r->zero, r->y_element, 0));
  const vi least = v_set_int((int32_t)r->least), most = v_set_int((int32_t)r->most);
  const vu terms = (vu)v_set_int(term);
  rescaling_vector vector = vectors[0];
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES, vectors += step) {
    vi values;
    memcpy(&values, v + i, sizeof values);
    if (step != 0) vector = *vectors;
    rescaling_store(rescaling_limited(rescaled_vector(&vector, (vi)((vu)values + terms), rounding, way) + zero, least, most), bytes, target + i * bytes);
  }
  if (i == n) return;
  vi values = {0};
  char rest[4 * LANES];
  memcpy(&values, v + i, (size_t)(n - i) * sizeof *v);
  if (step != 0) vector = *vectors;
  rescaling_store(rescaling_limited(rescaled_vector(&vector, (vi)((vu)values + terms), rounding, way) + zero, least, most), bytes, rest);
  memcpy(target + i * bytes, rest, (size_t)((n - i) * bytes));
}

KERNEL_STATIC void rescale_prepared(const kernel_rescaling *r, const rescaling_vector *vectors, int way, int32_t term, const int32_t *v,
                                    int64_t n, int64_t step, void *y, int64_t first) {
#define RESCALE_ROUNDING(rounding)                                                                                                   \
  if (way == RESCALING_PLAIN) rescale_vectors(r, vectors, term, v, n, step, rounding, RESCALING_PLAIN, y, first);                     \
  else rescale_vectors(r, vectors, term, v, n, step, rounding, RESCALING_MOVED, y, first);                                            \
  break;
  switch (r->rounding) {
    case INGOT_RESCALE_HALF_UP: RESCALE_ROUNDING(INGOT_RESCALE_HALF_UP)
    case INGOT_RESCALE_HALF_EVEN: RESCALE_ROUNDING(INGOT_RESCALE_HALF_EVEN)
    default: RESCALE_ROUNDING(INGOT_RESCALE_TWO_ROUNDINGS)
  }
#undef RESCALE_ROUNDING
}
#else
#define RESCALING_VECTORS 0
#endif

/* n integers that fit an element of one or two bytes. */
KERNEL_INLINE void rescaling_narrow(const int32_t *x, int64_t n, int64_t bytes, void *y) {
  typedef int32_t words __attribute__((vector_size(32)));
  typedef int16_t halves __attribute__((vector_size(16)));
  typedef int8_t bytes_of_eight __attribute__((vector_size(8)));
  int64_t i = 0;
  for (; i + 8 <= n; i += 8) {
    words block;
    memcpy(&block, x + i, sizeof block);
    const halves half = __builtin_convertvector(block, halves);
    const bytes_of_eight byte = __builtin_convertvector(half, bytes_of_eight);
    if (bytes == 2) memcpy((char *)y + 2 * i, &half, sizeof half);
    else memcpy((char *)y + i, &byte, sizeof byte);
  }
  for (; i < n; i++) {
    if (bytes == 2) ((int16_t *)y)[i] = (int16_t)x[i];
    else ((int8_t *)y)[i] = (int8_t)x[i];
  }
}

/* y[first], y[first + 1], ... from n values, at most RESCALING_BLOCK, of the channel, or of it and the next ones if parameters
 * differ along them (`step` 1). */
KERNEL_STATIC void rescale_block(const kernel_rescaling *r, const int32_t *v, int64_t n, int64_t channel, int64_t step, void *y,
                                 int64_t first) {
  int32_t block[RESCALING_BLOCK];
  if (!r->per_channel) channel = step = 0;
#if RESCALING_VECTORS
  rescaling_vector vectors[RESCALING_BLOCK / LANES];
  const int way = rescaling_prepare(r, n, channel, step, vectors);
  if (way != RESCALING_SCALAR) {
    rescale_prepared(r, vectors, way, 0, v, n, step, y, first);
    return;
  }
#endif
  switch (r->rounding) {
    case INGOT_RESCALE_HALF_UP: rescale_values(r, v, n, channel, step, INGOT_RESCALE_HALF_UP, block); break;
    case INGOT_RESCALE_HALF_EVEN: rescale_values(r, v, n, channel, step, INGOT_RESCALE_HALF_EVEN, block); break;
    default: rescale_values(r, v, n, channel, step, INGOT_RESCALE_TWO_ROUNDINGS, block); break;
  }
  if (r->y_element == INGOT_I32) memcpy((int32_t *)y + first, block, (size_t)n * sizeof *block);
  else rescaling_narrow(block, n, kernel_element_bytes(r->y_element), kernel_at_mutable(y, r->y_element, first));
}
#endif
