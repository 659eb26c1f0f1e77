/* Rules of opcodes that work along axes: reductions, softmax, normalization, cumulative sums. */
#include "check_opcode.h"

ingot_status ingot_check_reduce(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 2));
  CHECK(ingot_expect_range(op, 0, INGOT_REDUCE_SUM, INGOT_REDUCE_LOG_SUM_EXP, "kind"));
  const ingot_tensor *x = op->x[0], *y = op->y;
  const int64_t kind = attribute(op, 0);
  const uint64_t mask = op->attributes[1];
  REQUIRE(op, mask >> x->rank == 0, "the axis mask %llu names axes beyond rank %u", (unsigned long long)mask, x->rank);
  const bool integer = x->element == INGOT_I32 || x->element == INGOT_I64;
  REQUIRE(op, (is_float(x) && is_float(y)) || (integer && y->element == x->element && kind <= INGOT_REDUCE_PROD),
          "elements %u and %u do not go with kind %lld", x->element, y->element, (long long)kind);
  int64_t kept = 1;
  for (uint32_t i = 0; i < x->rank; i++) {
    if ((mask >> i & 1) == 0) kept *= x->dims[i];
  }
  REQUIRE(op, ingot_tensor_count(y) == kept, "the result has %lld elements, expected %lld", (long long)ingot_tensor_count(y),
          (long long)kept);
  return INGOT_OK;
}

ingot_status ingot_check_arg_reduce(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 3));
  const ingot_tensor *x = op->x[0], *y = op->y;
  CHECK(ingot_expect_range(op, 0, 0, 1, "kind"));
  CHECK(ingot_expect_range(op, 1, 0, (int64_t)x->rank - 1, "axis"));
  CHECK(ingot_expect_range(op, 2, 0, 1, "last"));
  REQUIRE(op, y->element == INGOT_I64 || y->element == INGOT_I32, "the result has element %u, expected i64 or i32", y->element);
  const int64_t axis = attribute(op, 1), extent = x->dims[axis];
  int64_t kept = 1;
  for (uint32_t i = 0; i < x->rank; i++) kept *= i == axis ? 1 : x->dims[i];
  REQUIRE(op, ingot_tensor_count(y) == kept, "the result has %lld elements, expected %lld", (long long)ingot_tensor_count(y),
          (long long)kept);
  REQUIRE(op, (extent > 0 || kept == 0) && (y->element == INGOT_I64 || extent <= INT32_MAX), "the axis has extent %lld",
          (long long)extent);
  return INGOT_OK;
}

ingot_status ingot_check_softmax(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 2));
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_same_shape(op, op->x[0], op->y));
  CHECK(ingot_expect_range(op, 0, 0, (int64_t)op->y->rank - 1, "axis"));
  CHECK(ingot_expect_range(op, 1, 0, 1, "log"));
  return INGOT_OK;
}

/* scale or bias of a layer: the shape of the normalised axes. */
static ingot_status expect_tail(const ingot_op *op, const ingot_tensor *tensor, int64_t first) {
  if (tensor == NULL) return INGOT_OK;
  const ingot_tensor *x = op->x[0];
  REQUIRE(op, tensor->rank == x->rank - first, "scale or bias has rank %u, expected %lld", tensor->rank,
          (long long)(x->rank - first));
  for (uint32_t i = 0; i < tensor->rank; i++) {
    REQUIRE(op, tensor->dims[i] == x->dims[first + i], "scale or bias has extent %lld at axis %u, expected %lld",
            (long long)tensor->dims[i], i, (long long)x->dims[first + i]);
  }
  return INGOT_OK;
}

ingot_status ingot_check_normalize(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 3));
  CHECK(ingot_expect_attributes(op, 3));
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_same_shape(op, op->x[0], op->y));
  CHECK(ingot_expect_range(op, 0, 0, 3, "kind"));
  const ingot_tensor *x = op->x[0];
  const int64_t kind = attribute(op, 0);
  if (kind <= 1) {
    CHECK(ingot_expect_range(op, 1, 0, x->rank, "the first normalised axis"));
    CHECK(expect_tail(op, op->x[1], attribute(op, 1)));
    CHECK(expect_tail(op, op->x[2], attribute(op, 1)));
  } else if (kind == 2) {
    REQUIRE(op, x->rank >= 2, "the input has rank %u, expected at least 2", x->rank);
    CHECK(ingot_expect_range(op, 1, 1, INGOT_MAX_EXTENT, "the group count"));
    REQUIRE(op, x->dims[1] % attribute(op, 1) == 0, "%lld channels do not split into %lld groups", (long long)x->dims[1],
            (long long)attribute(op, 1));
    CHECK(ingot_expect_vector(op, op->x[1], x->dims[1], "scale"));
    CHECK(ingot_expect_vector(op, op->x[2], x->dims[1], "bias"));
  } else {
    CHECK(ingot_expect_range(op, 1, 0, 2 * (int64_t)x->rank - 1, "axis and order"));
    REQUIRE(op, op->x[1] == NULL && op->x[2] == NULL, "an lp norm takes no scale and no bias");
  }
  return INGOT_OK;
}

ingot_status ingot_check_cumsum(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 3));
  CHECK(ingot_expect_same_shape(op, op->x[0], op->y));
  const ingot_tensor *x = op->x[0], *y = op->y;
  const bool integer = x->element == INGOT_I32 || x->element == INGOT_I64;
  REQUIRE(op, (is_float(x) && is_float(y)) || (integer && x->element == y->element),
          "elements are %u and %u, expected floats, or the same of i32 and i64", x->element, y->element);
  CHECK(ingot_expect_range(op, 0, 0, (int64_t)x->rank - 1, "axis"));
  CHECK(ingot_expect_range(op, 1, 0, 1, "exclusive"));
  CHECK(ingot_expect_range(op, 2, 0, 1, "reverse"));
  return INGOT_OK;
}

ingot_status ingot_check_top_k(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 2));
  const ingot_tensor *x = op->x[0], *y = op->y, *positions = result(op, 1);
  CHECK(ingot_expect_range(op, 0, 0, (int64_t)x->rank - 1, "axis"));
  CHECK(ingot_expect_range(op, 1, 0, 1, "kind"));
  const int64_t axis = attribute(op, 0);
  REQUIRE(op, x->element == y->element && x->element != INGOT_BOOL && positions->element == INGOT_I64,
          "elements are %u, %u and %u, expected the same number for the first two and i64", x->element, y->element,
          positions->element);
  CHECK(ingot_expect_same_shape(op, y, positions));
  REQUIRE(op, x->rank == y->rank, "ranks are %u and %u, expected the same", x->rank, y->rank);
  for (uint32_t i = 0; i < x->rank; i++) {
    REQUIRE(op, i == axis ? y->dims[i] <= x->dims[i] : y->dims[i] == x->dims[i],
            "the result has extent %lld at axis %u, the input %lld", (long long)y->dims[i], i, (long long)x->dims[i]);
  }
  return INGOT_OK;
}
