/* Vectors of floats for the instruction set that the including file chose: KERNEL_VARIANT is its name, KERNEL_LANES
 * its width, and one of KERNEL_USES_AVX2, _AVX512, _NEON may be defined. Everything is static, so that each variant has its own copy. */
#include "../internal.h"

#if defined(KERNEL_USES_AVX2) || defined(KERNEL_USES_AVX512)
#include <immintrin.h>
#elif defined(KERNEL_USES_NEON)
#include <arm_neon.h>
#endif

#define LANES KERNEL_LANES

typedef float vf __attribute__((vector_size(4 * LANES)));
typedef int32_t vi __attribute__((vector_size(4 * LANES)));
typedef uint32_t vu __attribute__((vector_size(4 * LANES)));
typedef float vf_unaligned __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

KERNEL_INLINE vf v_load(const float *p) { return (vf) * (const vf_unaligned *)p; }
KERNEL_INLINE void v_store(float *p, vf x) { *(vf_unaligned *)p = (vf_unaligned)x; }
KERNEL_INLINE vf v_set(float x) { return x - (vf){0}; }
KERNEL_INLINE vi v_set_int(int32_t x) { return x - (vi){0}; }

/* x * y + z: rounded once where the hardware can, else after the product too. */
KERNEL_INLINE vf v_fma(vf x, vf y, vf z) {
#if defined(KERNEL_USES_AVX512)
  return (vf)_mm512_fmadd_ps((__m512)x, (__m512)y, (__m512)z);
#elif defined(KERNEL_USES_AVX2)
  return (vf)_mm256_fmadd_ps((__m256)x, (__m256)y, (__m256)z);
#elif defined(KERNEL_USES_NEON)
  return (vf)vfmaq_f32((float32x4_t)z, (float32x4_t)x, (float32x4_t)y);
#else
  const vf product = x * y;
  return product + z;
#endif
}

KERNEL_INLINE vf v_select(vi mask, vf yes, vf no) { return (vf)((mask & (vi)yes) | (~mask & (vi)no)); }
/* The second operand wins when they do not compare: v_max(x, limit) keeps limit for NaN, v_max(limit, x) keeps NaN. */
KERNEL_INLINE vf v_max(vf x, vf y) {
#if defined(KERNEL_USES_AVX512)
  return (vf)_mm512_max_ps((__m512)x, (__m512)y);
#elif defined(KERNEL_USES_AVX2)
  return (vf)_mm256_max_ps((__m256)x, (__m256)y);
#else
  return v_select(x > y, x, y);
#endif
}
KERNEL_INLINE vf v_min(vf x, vf y) {
#if defined(KERNEL_USES_AVX512)
  return (vf)_mm512_min_ps((__m512)x, (__m512)y);
#elif defined(KERNEL_USES_AVX2)
  return (vf)_mm256_min_ps((__m256)x, (__m256)y);
#else
  return v_select(x < y, x, y);
#endif
}
/* NaN if either is. */
KERNEL_INLINE vf v_max_nan(vf x, vf y) { return v_select(x != x, x, v_max(x, y)); }
KERNEL_INLINE vf v_min_nan(vf x, vf y) { return v_select(x != x, x, v_min(x, y)); }
KERNEL_INLINE vf v_abs(vf x) { return (vf)((vi)x & 0x7fffffff); }

/* Lanes are combined in halves, so the order is fixed by the width alone. */
KERNEL_INLINE float v_sum(vf x) {
  float lane[LANES];
  memcpy(lane, &x, sizeof lane);
  for (int width = LANES / 2; width > 0; width /= 2)
    for (int i = 0; i < width; i++) lane[i] += lane[i + width];
  return lane[0];
}
KERNEL_INLINE float v_max_lane(vf x) {
  float most = x[0];
  for (int i = 1; i < LANES; i++) most = x[i] > most || x[i] != x[i] ? x[i] : most;
  return most;
}

KERNEL_INLINE vf v_load_half(const uint16_t *p) {
#if defined(KERNEL_USES_AVX512)
  __m256i bits;
  memcpy(&bits, p, sizeof bits);
  return (vf)_mm512_cvtph_ps(bits);
#elif defined(KERNEL_USES_AVX2)
  __m128i bits;
  memcpy(&bits, p, sizeof bits);
  return (vf)_mm256_cvtph_ps(bits);
#elif defined(KERNEL_USES_NEON)
  uint16x4_t bits;
  memcpy(&bits, p, sizeof bits);
  return (vf)vcvt_f32_f16(vreinterpret_f16_u16(bits));
#else
  vf x = {0};
  for (int i = 0; i < LANES; i++) x[i] = kernel_half_to_float(p[i]);
  return x;
#endif
}
KERNEL_INLINE void v_store_half(uint16_t *p, vf x) {
#if defined(KERNEL_USES_AVX512)
  const __m256i bits = _mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT);
  memcpy(p, &bits, sizeof bits);
#elif defined(KERNEL_USES_AVX2)
  const __m128i bits = _mm256_cvtps_ph((__m256)x, _MM_FROUND_TO_NEAREST_INT);
  memcpy(p, &bits, sizeof bits);
#elif defined(KERNEL_USES_NEON)
  const uint16x4_t bits = vreinterpret_u16_f16(vcvt_f16_f32((float32x4_t)x));
  memcpy(p, &bits, sizeof bits);
#else
  for (int i = 0; i < LANES; i++) p[i] = kernel_float_to_half(x[i]);
#endif
}
KERNEL_INLINE vf v_load_bfloat(const uint16_t *p) {
  typedef uint16_t half_vector __attribute__((vector_size(2 * LANES)));
  half_vector bits;
  memcpy(&bits, p, sizeof bits);
  return (vf)(__builtin_convertvector(bits, vu) << 16);
}
KERNEL_INLINE void v_store_bfloat(uint16_t *p, vf x) {
  for (int i = 0; i < LANES; i++) p[i] = kernel_float_to_bfloat(x[i]);
}

/* Widens n floats of any float element. */
KERNEL_STATIC void widen(const void *x, uint32_t element, int64_t n, float *y) {
  int64_t i = 0;
  if (element == INGOT_F32) {
    memcpy(y, x, (size_t)n * sizeof(float));
  } else if (element == INGOT_F16) {
    const uint16_t *source = x;
    for (; i + LANES <= n; i += LANES) v_store(y + i, v_load_half(source + i));
    for (; i < n; i++) y[i] = kernel_half_to_float(source[i]);
  } else {
    const uint16_t *source = x;
    for (; i + LANES <= n; i += LANES) v_store(y + i, v_load_bfloat(source + i));
    for (; i < n; i++) y[i] = kernel_bfloat_to_float(source[i]);
  }
}
KERNEL_STATIC void narrow(const float *x, int64_t n, void *y, uint32_t element) {
  int64_t i = 0;
  if (element == INGOT_F32) {
    memcpy(y, x, (size_t)n * sizeof(float));
  } else if (element == INGOT_F16) {
    uint16_t *target = y;
    for (; i + LANES <= n; i += LANES) v_store_half(target + i, v_load(x + i));
    for (; i < n; i++) target[i] = kernel_float_to_half(x[i]);
  } else {
    uint16_t *target = y;
    for (; i + LANES <= n; i += LANES) v_store_bfloat(target + i, v_load(x + i));
    for (; i < n; i++) target[i] = kernel_float_to_bfloat(x[i]);
  }
}
/* The floats themselves, or a widened copy in `space`. */
KERNEL_INLINE const float *floats(const void *base, uint32_t element, int64_t index, int64_t n, float *space) {
  if (element == INGOT_F32) return (const float *)base + index;
  widen(kernel_at(base, element, index), element, n, space);
  return space;
}
KERNEL_INLINE float one_float(const void *base, uint32_t element, int64_t index) {
  if (element == INGOT_F32) return ((const float *)base)[index];
  const uint16_t bits = ((const uint16_t *)base)[index];
  return element == INGOT_F16 ? kernel_half_to_float(bits) : kernel_bfloat_to_float(bits);
}
/* y = x * factor + offset, rounded after the product and after the sum. x and y may be the same. */
KERNEL_STATIC void scale_run(const float *x, int64_t n, float factor, float offset, float *y) {
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) v_store(y + i, v_load(x + i) * factor + offset);
  for (; i < n; i++) {
    const float product = x[i] * factor;
    y[i] = product + offset;
  }
}
