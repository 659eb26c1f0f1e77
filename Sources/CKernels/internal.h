/* What every kernel file needs: contraction off, unrolling, elements. */
#ifndef KERNEL_INTERNAL_H
#define KERNEL_INTERNAL_H

#include "kernels.h"

#include <math.h>
#include <string.h>

/* gcc does not contract under -std=c11, clang does unless told not to. */
#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif

#define KERNEL_INLINE static inline __attribute__((always_inline, unused))
#define KERNEL_STATIC static __attribute__((unused))

#ifdef __clang__
#define KERNEL_PRAGMA(text) _Pragma(#text)
#define KERNEL_UNROLL KERNEL_PRAGMA(clang loop unroll(full))
#else
#define KERNEL_UNROLL _Pragma("GCC unroll 64")
#endif

KERNEL_INLINE int64_t kernel_least(int64_t a, int64_t b) { return a < b ? a : b; }
KERNEL_INLINE int64_t kernel_most(int64_t a, int64_t b) { return a > b ? a : b; }
KERNEL_INLINE int64_t kernel_ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }
/* Rounds toward minus infinity; b > 0. */
KERNEL_INLINE int64_t kernel_floor_divide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

KERNEL_INLINE int64_t kernel_element_bytes(uint32_t element) {
  switch (element) {
    case INGOT_I64: return 8;
    case INGOT_F32:
    case INGOT_I32: return 4;
    case INGOT_F16:
    case INGOT_BF16:
    case INGOT_I16: return 2;
    default: return 1;
  }
}

KERNEL_INLINE const void *kernel_at(const void *base, uint32_t element, int64_t index) {
  return (const char *)base + index * kernel_element_bytes(element);
}
KERNEL_INLINE void *kernel_at_mutable(void *base, uint32_t element, int64_t index) {
  return (char *)base + index * kernel_element_bytes(element);
}

KERNEL_INLINE int kernel_is_float(uint32_t element) {
  return element == INGOT_F32 || element == INGOT_F16 || element == INGOT_BF16;
}
KERNEL_INLINE float kernel_load_float(const void *x, uint32_t element, int64_t index) {
  switch (element) {
    case INGOT_F16: return kernel_half_to_float(((const uint16_t *)x)[index]);
    case INGOT_BF16: return kernel_bfloat_to_float(((const uint16_t *)x)[index]);
    default: return ((const float *)x)[index];
  }
}
KERNEL_INLINE void kernel_store_float(void *y, uint32_t element, int64_t index, float value) {
  if (element == INGOT_F32) ((float *)y)[index] = value;
  else ((uint16_t *)y)[index] = element == INGOT_F16 ? kernel_float_to_half(value) : kernel_float_to_bfloat(value);
}
KERNEL_INLINE int64_t kernel_load_integer(const void *x, uint32_t element, int64_t index) {
  switch (element) {
    case INGOT_I8: return ((const int8_t *)x)[index];
    case INGOT_I16: return ((const int16_t *)x)[index];
    case INGOT_I32: return ((const int32_t *)x)[index];
    case INGOT_I64: return ((const int64_t *)x)[index];
    default: return ((const uint8_t *)x)[index];
  }
}
/* Wraps. */
KERNEL_INLINE void kernel_store_integer(void *y, uint32_t element, int64_t index, int64_t value) {
  switch (kernel_element_bytes(element)) {
    case 8: ((int64_t *)y)[index] = value; break;
    case 4: ((uint32_t *)y)[index] = (uint32_t)value; break;
    case 2: ((uint16_t *)y)[index] = (uint16_t)value; break;
    default: ((uint8_t *)y)[index] = (uint8_t)value;
  }
}

/* 2^30 * 2^(-j / 256), rounded. */
extern const int32_t kernel_exp2[257];

/* An integer that is larger for larger elements; equal ones have equal keys, NaN has the largest. */
KERNEL_INLINE int64_t kernel_order_key(const void *x, uint32_t element, int64_t index) {
  if (!kernel_is_float(element)) return kernel_load_integer(x, element, index);
  const float value = kernel_load_float(x, element, index), positive = value == 0 ? 0 : value;
  int32_t bits;
  memcpy(&bits, &positive, sizeof bits);
  return value != value ? INT32_MAX : bits < 0 ? -(int64_t)(bits & INT32_MAX) : bits;
}

/* Rows of a plane in memory, of a tensor with `rows` of them. */
KERNEL_INLINE int64_t kernel_ring_pitch(const kernel_ring *ring, int64_t rows) { return ring->rows == 0 ? rows : ring->rows; }
/* Where a row lies in its plane, of which memory has `pitch` rows. */
KERNEL_INLINE int64_t kernel_ring_place(const kernel_ring *ring, int64_t pitch, int64_t row) {
  const int64_t place = ring->first + row;
  return place < pitch ? place : place - pitch;
}
/* Where a row of a plane lies, among all rows in memory. */
KERNEL_INLINE int64_t kernel_ring_row(const kernel_ring *ring, int64_t rows, int64_t plane, int64_t row) {
  const int64_t pitch = kernel_ring_pitch(ring, rows);
  return plane * pitch + kernel_ring_place(ring, pitch, row);
}
/* How many of `count` rows from `row` on lie one behind the other. */
KERNEL_INLINE int64_t kernel_ring_run(const kernel_ring *ring, int64_t row, int64_t count) {
  const int64_t turn = ring->rows - ring->first - row;
  return ring->rows == 0 || turn <= 0 ? count : kernel_least(turn, count);
}

/* Sorts numbers so that `before` holds of none and its predecessor, keeping the order of those that are equal to it.
 * `spare` has room for as many. */
typedef int (*kernel_before)(const void *context, int64_t a, int64_t b);
void kernel_sort(int64_t *numbers, int64_t *spare, int64_t count, kernel_before before, const void *context);

/* The part [*first, *end) of one axis of output positions o whose tap o * stride + offset lies in [0, extent). */
KERNEL_INLINE void kernel_valid_range(int64_t offset, int64_t stride, int64_t extent, int64_t out, int64_t *first,
                                      int64_t *end) {
  const int64_t low = offset >= 0 ? 0 : kernel_ceil_divide(-offset, stride);
  const int64_t high = offset >= extent ? 0 : (extent - 1 - offset) / stride + 1;
  *first = kernel_least(low, out);
  *end = kernel_most(*first, kernel_least(high, out));
}

#define DECLARE_KERNEL(family, arguments)           \
  kernel_work kernel_##family##_work(const void *); \
  void kernel_##family##_run(const void *, int64_t, int64_t, void *);
PLAIN_KERNELS(DECLARE_KERNEL)
#undef DECLARE_KERNEL

#endif
