/* Weights stored in few bits: rows of k numbers palette[q], or (q - zero) * scale, of which every `block` share a scale. They become
 * floats a stretch of a row at a time. */

typedef struct {
  const void *q;
  uint32_t element;
  int64_t first; /* row 0 among all rows */
  kernel_storage storage;
} stored;

KERNEL_INLINE const uint8_t *stored_row(const stored *s, int64_t row) {
  return (const uint8_t *)s->q + (s->first + row) * s->storage.row_bytes;
}

#include "look_up.h"

/* LANES bytes as floats. */
KERNEL_INLINE vf stored_unsigned(const uint8_t *p) {
#if defined(KERNEL_USES_AVX512)
  return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
#elif defined(KERNEL_USES_AVX2)
  return (vf)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
#elif defined(KERNEL_USES_NEON)
  uint32_t bytes;
  memcpy(&bytes, p, sizeof bytes);
  return (vf)vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(bytes))))));
#else
  vf x = {0};
  for (int i = 0; i < LANES; i++) x[i] = p[i];
  return x;
#endif
}

KERNEL_INLINE vf stored_signed(const int8_t *p) {
#if defined(KERNEL_USES_AVX512)
  return (vf)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
#elif defined(KERNEL_USES_AVX2)
  return (vf)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)p)));
#elif defined(KERNEL_USES_NEON)
  uint32_t bytes;
  memcpy(&bytes, p, sizeof bytes);
  return (vf)vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_u32(vdup_n_u32(bytes))))));
#else
  vf x = {0};
  for (int i = 0; i < LANES; i++) x[i] = p[i];
  return x;
#endif
}

/* LANES halves of bytes as floats, the low one of each byte first: a byte in 16 bits, and itself 4 bits higher, has one half in each
 * of its bytes. */
KERNEL_INLINE vf stored_halves(const uint8_t *p) {
#if defined(KERNEL_USES_AVX512)
  const __m128i wide = _mm_cvtepu8_epi16(_mm_loadl_epi64((const __m128i *)(const void *)p));
  const __m128i halves = _mm_and_si128(_mm_or_si128(wide, _mm_slli_epi16(wide, 4)), _mm_set1_epi8(15));
  return (vf)_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(halves));
#elif defined(KERNEL_USES_AVX2)
  int32_t bytes;
  memcpy(&bytes, p, sizeof bytes);
  const __m128i wide = _mm_cvtepu8_epi16(_mm_cvtsi32_si128(bytes));
  const __m128i halves = _mm_and_si128(_mm_or_si128(wide, _mm_slli_epi16(wide, 4)), _mm_set1_epi8(15));
  return (vf)_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(halves));
#elif defined(KERNEL_USES_NEON)
  const uint32_t wide = (uint32_t)p[0] | (uint32_t)p[1] << 16, halves = (wide | wide << 4) & 0x0f0f0f0f;
  return (vf)vcvtq_f32_u32(vmovl_u16(vget_low_u16(vmovl_u8(vreinterpret_u8_u32(vdup_n_u32(halves))))));
#else
  vf x = {0};
  for (int i = 0; i < LANES; i++) x[i] = p[i / 2] >> i % 2 * 4 & 15;
  return x;
#endif
}

/* The LANES numbers from `index` on, which is even in 4 bits. */
KERNEL_INLINE vf stored_load(const void *q, const int is_signed, const int bits, int64_t index) {
  if (bits == 4) return stored_halves((const uint8_t *)q + index / 2);
  return is_signed ? stored_signed((const int8_t *)q + index) : stored_unsigned((const uint8_t *)q + index);
}

KERNEL_INLINE float stored_one(const void *q, const int is_signed, const int bits, int64_t index) {
  if (bits == 4) return (float)(((const uint8_t *)q)[index / 2] >> index % 2 * 4 & 15);
  return is_signed ? ((const int8_t *)q)[index] : ((const uint8_t *)q)[index];
}

typedef struct {
  float scale, zero;
} stored_step;

KERNEL_INLINE stored_step stored_step_of(const stored *s, int64_t row, int64_t block) {
  const kernel_storage *by = &s->storage;
  const int64_t index = (s->first + row) * by->row + block;
  return (stored_step){one_float(by->scale, by->scale_element, index), stored_one(by->zero, s->element == INGOT_I8, 8, index)};
}

KERNEL_INLINE void stored_widen_as(const stored *s, const int is_signed, const int bits, int64_t row, int64_t k0, int64_t depth, float *y) {
  const uint8_t *q = stored_row(s, row);
  int64_t block = k0 / s->storage.block;
  for (int64_t k = k0; k < k0 + depth; block++) {
    const stored_step step = stored_step_of(s, row, block);
    const int64_t end = kernel_least((block + 1) * s->storage.block, k0 + depth);
    const vf scale = v_set(step.scale), zero = v_set(step.zero);
    for (; k + LANES <= end; k += LANES) v_store(y + (k - k0), (stored_load(q, is_signed, bits, k) - zero) * scale);
    for (; k < end; k++) y[k - k0] = (stored_one(q, is_signed, bits, k) - step.zero) * step.scale;
  }
}

/* Numbers [k0, k0 + depth) of a row; k0 is a multiple of 8. */
static void stored_widen(const stored *s, int64_t row, int64_t k0, int64_t depth, float *y) {
  if (s->storage.palette != NULL) stored_look_up(s, row, k0, depth, y);
  else if (s->storage.bits == 4) stored_widen_as(s, 0, 4, row, k0, depth, y);
  else if (s->element == INGOT_I8) stored_widen_as(s, 1, 8, row, k0, depth, y);
  else stored_widen_as(s, 0, 8, row, k0, depth, y);
}

#define STORED_ROWS 8

/* Rows [n0, n0 + columns), of which each becomes a column of the panels. */
static void stored_pack(const void *source, int64_t k0, int64_t depth, int64_t n0, int64_t columns, float *panels) {
  const stored *s = source;
  float rows[STORED_ROWS * DEPTH] __attribute__((aligned(64)));
  for (int64_t n = 0; n < columns; n += PANEL, panels += depth * PANEL) {
    for (int64_t j = 0; j < PANEL; j += STORED_ROWS) {
      for (int64_t i = 0; i < STORED_ROWS; i++) {
        if (n + j + i < columns) stored_widen(s, n0 + n + j + i, k0, depth, rows + i * DEPTH);
        else memset(rows + i * DEPTH, 0, (size_t)depth * sizeof(float));
      }
      for (int64_t k = 0; k < depth; k++) {
        KERNEL_UNROLL
        for (int i = 0; i < STORED_ROWS; i++) panels[k * PANEL + j + i] = rows[i * DEPTH + k];
      }
    }
  }
}

/* sums[r][column] += row n of the weights times a[r], over one stretch of k. A block is scaled as a whole. */
KERNEL_INLINE void stored_dot_as(const stored *s, const int is_signed, const int bits, const int count, int64_t n, int64_t k0,
                                 int64_t depth, const float *const *a, vf (*sums)[4], int column) {
  const uint8_t *q = stored_row(s, n);
  int64_t block = k0 / s->storage.block;
  for (int64_t k = k0; k < k0 + depth; block++) {
    const stored_step step = stored_step_of(s, n, block);
    const int64_t end = kernel_least((block + 1) * s->storage.block, k0 + depth);
    const vf scale = v_set(step.scale), zero = v_set(step.zero);
    vf partial[4];
    KERNEL_UNROLL
    for (int r = 0; r < count; r++) partial[r] = v_set(0);
    for (; k + LANES <= end; k += LANES) {
      const vf w = stored_load(q, is_signed, bits, k) - zero;
      KERNEL_UNROLL
      for (int r = 0; r < count; r++) partial[r] = v_fma(v_load(a[r] + (k - k0)), w, partial[r]);
    }
    for (; k < end; k++) {
      const float w = stored_one(q, is_signed, bits, k) - step.zero;
      KERNEL_UNROLL
      for (int r = 0; r < count; r++) {
        const float product = a[r][k - k0] * w;
        partial[r][0] += product;
      }
    }
    KERNEL_UNROLL
    for (int r = 0; r < count; r++) sums[r][column] = v_fma(partial[r], scale, sums[r][column]);
  }
}

KERNEL_INLINE void stored_dot_rows(const stored *s, const int count, int64_t n, int64_t k0, int64_t depth, const float *const *a, vf (*sums)[4], int column) {
  if (s->storage.bits == 4) stored_dot_as(s, 0, 4, count, n, k0, depth, a, sums, column);
  else if (s->element == INGOT_I8) stored_dot_as(s, 1, 8, count, n, k0, depth, a, sums, column);
  else stored_dot_as(s, 0, 8, count, n, k0, depth, a, sums, column);
}

/* Of 1 to 4 rows of a; not by palette. */
static void stored_dot(const stored *s, int count, int64_t n, int64_t k0, int64_t depth, const float *const *a, vf (*sums)[4], int column) {
  switch (count) {
    case 1: stored_dot_rows(s, 1, n, k0, depth, a, sums, column); break;
    case 2: stored_dot_rows(s, 2, n, k0, depth, a, sums, column); break;
    case 3: stored_dot_rows(s, 3, n, k0, depth, a, sums, column); break;
    default: stored_dot_rows(s, 4, n, k0, depth, a, sums, column); break;
  }
}
