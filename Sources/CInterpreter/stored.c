/* Rules and kernel arguments of weights that are stored in few bits. */
#include "stored.h"

static ingot_status expect_parameters(const ingot_op *op, const ingot_tensor *tensor, int64_t block, int64_t rows, int64_t k,
                                      const char *what) {
  if (tensor->rank == 0) return INGOT_OK;
  if (block == 0) return ingot_expect_vector(op, tensor, rows, what);
  const int64_t blocks = k / block + (k % block != 0);
  REQUIRE(op, tensor->rank == 2 && tensor->dims[0] == rows && tensor->dims[1] == blocks,
          "%s has rank %u and extents %lld, %lld, expected [%lld, %lld]", what, tensor->rank, (long long)tensor->dims[0],
          (long long)tensor->dims[1], (long long)rows, (long long)blocks);
  return INGOT_OK;
}

static ingot_status expect_scales(const ingot_op *op, int64_t bits, int64_t block, int64_t rows, int64_t k) {
  const ingot_tensor *w = op->x[1], *scale = op->x[3], *zero = op->x[4];
  REQUIRE(op, bits == 8 || bits == 4, "weights are stored in %lld bits, expected 8 or 4", (long long)bits);
  REQUIRE(op, (w->element == INGOT_I8 && bits == 8) || w->element == INGOT_U8, "weights in %lld bits have element %s", (long long)bits,
          ingot_element_text(w->element));
  REQUIRE(op, zero->element == w->element, "elements of weights and zero points are %s and %s, expected the same",
          ingot_element_text(w->element), ingot_element_text(zero->element));
  REQUIRE(op, bits == 8 || (k % 2 == 0 && block % 2 == 0), "rows of %lld numbers of 4 bits have blocks of %lld, expected even numbers",
          (long long)k, (long long)block);
  CHECK(expect_parameters(op, scale, block, rows, k, "the scale"));
  CHECK(expect_parameters(op, zero, block, rows, k, "the zero point"));
  REQUIRE(op, scale->rank == zero->rank, "scale and zero point have rank %u and %u, expected the same", scale->rank, zero->rank);
  return INGOT_OK;
}

ingot_status ingot_expect_palettes(const ingot_op *op, const ingot_tensor *numbers, const ingot_tensor *palettes, int64_t bits, int64_t block,
                                   int64_t rows) {
  REQUIRE(op, bits == 2 || bits == 3 || bits == 4 || bits == 6 || bits == 8, "it has palettes for %lld bits, expected 2, 3, 4, 6 or 8",
          (long long)bits);
  REQUIRE(op, numbers->element == INGOT_U8, "what is looked up in palettes has element %s, expected u8", ingot_element_text(numbers->element));
  REQUIRE(op, is_float(palettes), "palettes have element %s, expected a float", ingot_element_text(palettes->element));
  const int64_t entries = (int64_t)1 << bits;
  if (block == 0) return ingot_expect_vector(op, palettes, entries, "the palette");
  const int64_t count = rows / block + (rows % block != 0);
  REQUIRE(op, palettes->rank == 2 && palettes->dims[0] == count && palettes->dims[1] == entries,
          "palettes have rank %u and extents %lld, %lld, expected [%lld, %lld]", palettes->rank, (long long)palettes->dims[0],
          (long long)palettes->dims[1], (long long)count, (long long)entries);
  return INGOT_OK;
}

ingot_status ingot_expect_weights(const ingot_op *op, int64_t bits, int64_t block, int64_t rows, int64_t k) {
  const ingot_tensor *scale = op->x[3], *zero = op->x[4];
  if (bits == 0) {
    REQUIRE(op, block == 0 && scale == NULL && zero == NULL, "it has blocks, scales or zero points, and no bits");
    return ingot_expect_floats(op);
  }
  REQUIRE(op, scale != NULL, "weights in %lld bits have neither scale nor palette", (long long)bits);
  ingot_op floats = *op;
  floats.x[1] = floats.x[4] = NULL;
  CHECK(ingot_expect_floats(&floats));
  return zero == NULL ? ingot_expect_palettes(op, op->x[1], scale, bits, block, rows) : expect_scales(op, bits, block, rows, k);
}

ingot_status ingot_expect_packed(const ingot_op *op, const ingot_tensor *packed, int64_t bits, uint32_t axis, int64_t extent) {
  /* Not (extent * bits + 7) / 8, which may overflow. */
  const int64_t expected = extent / 8 * bits + (extent % 8 * bits + 7) / 8;
  REQUIRE(op, packed->dims[axis] == expected, "%lld numbers of %lld bits take %lld bytes along axis %u, expected %lld", (long long)extent,
          (long long)bits, (long long)packed->dims[axis], axis, (long long)expected);
  return INGOT_OK;
}

ingot_status ingot_expect_numbers(const ingot_op *op, int64_t bits, uint32_t axis, int64_t extent, ingot_tensor *numbers) {
  *numbers = *op->x[1];
  if (bits == 0 || axis >= numbers->rank) return INGOT_OK;
  CHECK(ingot_expect_packed(op, numbers, bits, axis, extent));
  numbers->dims[axis] = extent;
  return INGOT_OK;
}

kernel_storage ingot_prepared_palettes(const ingot_preparation *p, const ingot_tensor *palettes, int64_t bits, int64_t block,
                                       int64_t rows, int64_t row_bytes) {
  return (kernel_storage){.bits = (uint8_t)bits, .row_bytes = row_bytes, .palette = prepared_address(p, palettes),
                          .palette_element = palettes->element, .palette_rows = block != 0 ? block : rows};
}

kernel_storage ingot_prepared_weights(const ingot_preparation *p, int64_t bits, int64_t block, int64_t k) {
  if (bits == 0) return (kernel_storage){.bits = 0};
  const ingot_tensor *w = prepared_input(p, 1), *scale = prepared_input(p, 3), *zero = prepared_input(p, 4);
  const int64_t row_bytes = prepared_product(w, 1, w->rank);
  if (zero == NULL) return ingot_prepared_palettes(p, scale, bits, block, w->dims[0], row_bytes);
  const bool blocked = scale->rank == 2;
  return (kernel_storage){.bits = (uint8_t)bits, .row_bytes = row_bytes, .scale = prepared_address(p, scale),
                          .zero = prepared_address(p, zero), .scale_element = scale->element, .block = blocked ? block : k,
                          .row = blocked ? scale->dims[1] : scale->rank};
}
