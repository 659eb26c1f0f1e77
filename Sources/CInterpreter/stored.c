/* Rules and kernel arguments of weights that a product reads in 8 or 4 bits. */
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

ingot_status ingot_expect_weights(const ingot_op *op, int64_t bits, int64_t block, int64_t rows, int64_t k) {
  const ingot_tensor *w = op->x[1], *scale = op->x[3], *zero = op->x[4];
  if (bits == 0) {
    REQUIRE(op, block == 0 && scale == NULL && zero == NULL, "it has blocks, scales or zero points, and no bits");
    return ingot_expect_floats(op);
  }
  REQUIRE(op, bits == 8 || bits == 4, "weights are stored in %lld bits, expected 8 or 4", (long long)bits);
  REQUIRE(op, scale != NULL && zero != NULL, "weights in %lld bits have no scale or zero point", (long long)bits);
  ingot_op floats = *op;
  floats.x[1] = floats.x[4] = NULL;
  CHECK(ingot_expect_floats(&floats));
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

ingot_tensor ingot_stored_numbers(const ingot_tensor *weights, int64_t bits, uint32_t axis) {
  ingot_tensor numbers = *weights;
  if (bits == 4) numbers.dims[axis] *= 2;
  return numbers;
}

kernel_steps ingot_prepared_weights(const ingot_preparation *p, int64_t bits, int64_t block, int64_t k) {
  if (bits == 0) return (kernel_steps){.scale = NULL};
  const ingot_tensor *scale = prepared_input(p, 3), *zero = prepared_input(p, 4);
  const bool blocked = scale->rank == 2;
  return (kernel_steps){.scale = prepared_address(p, scale), .zero = prepared_address(p, zero), .scale_element = scale->element,
                        .bits = (uint8_t)bits, .block = blocked ? block : k, .row = blocked ? scale->dims[1] : scale->rank};
}
