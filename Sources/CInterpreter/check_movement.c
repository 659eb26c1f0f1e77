/* Rules of opcodes that move elements. */
#include "check_opcode.h"

static ingot_status expect_same_element(const ingot_op *op, const ingot_tensor *x) {
  REQUIRE(op, x->element == op->y->element, "elements are %u and %u, expected the same", x->element, op->y->element);
  return INGOT_OK;
}

ingot_status ingot_check_copy(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  CHECK(ingot_expect_attributes(op, 0));
  REQUIRE(op, ingot_element_bytes(op->x[0]->element) == ingot_element_bytes(op->y->element) &&
                  (op->y->element != INGOT_BOOL || op->x[0]->element == INGOT_BOOL),
          "elements are %u and %u, expected the same size, and bools only from bools", op->x[0]->element, op->y->element);
  REQUIRE(op, ingot_tensor_count(op->x[0]) == ingot_tensor_count(op->y), "%lld elements are copied to %lld",
          (long long)ingot_tensor_count(op->x[0]), (long long)ingot_tensor_count(op->y));
  return INGOT_OK;
}

ingot_status ingot_check_transpose(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  const ingot_tensor *x = op->x[0], *y = op->y;
  CHECK(expect_same_element(op, x));
  REQUIRE(op, x->rank == y->rank, "ranks are %u and %u, expected the same", x->rank, y->rank);
  CHECK(ingot_expect_attributes(op, x->rank));
  uint32_t seen = 0;
  for (uint32_t i = 0; i < x->rank; i++) {
    CHECK(ingot_expect_range(op, i, 0, (int64_t)x->rank - 1, "an entry of the permutation"));
    const int64_t axis = attribute(op, i);
    REQUIRE(op, (seen >> axis & 1) == 0, "axis %lld appears twice in the permutation", (long long)axis);
    seen |= 1u << axis;
    REQUIRE(op, y->dims[i] == x->dims[axis], "axis %u has extent %lld, expected %lld", i, (long long)y->dims[i],
            (long long)x->dims[axis]);
  }
  return INGOT_OK;
}

ingot_status ingot_check_concat(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, op->inputs, INGOT_MAX_OPERANDS));
  CHECK(ingot_expect_attributes(op, 1));
  const ingot_tensor *y = op->y;
  CHECK(ingot_expect_range(op, 0, 0, (int64_t)y->rank - 1, "axis"));
  const int64_t axis = attribute(op, 0);
  int64_t extent = 0;
  for (uint32_t k = 0; k < op->inputs; k++) {
    const ingot_tensor *x = ingot_input_operand(op->c->view, op->instruction, k);
    CHECK(expect_same_element(op, x));
    REQUIRE(op, x->rank == y->rank, "input %u has rank %u, expected %u", k, x->rank, y->rank);
    for (uint32_t i = 0; i < y->rank; i++) {
      REQUIRE(op, i == axis || x->dims[i] == y->dims[i], "input %u has extent %lld at axis %u, expected %lld", k,
              (long long)x->dims[i], i, (long long)y->dims[i]);
    }
    extent += x->dims[axis];
  }
  REQUIRE(op, extent == y->dims[axis], "the inputs add up to extent %lld, the result has %lld", (long long)extent,
          (long long)y->dims[axis]);
  return INGOT_OK;
}

ingot_status ingot_check_slice(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  const ingot_tensor *x = op->x[0], *y = op->y;
  CHECK(expect_same_element(op, x));
  REQUIRE(op, x->rank == y->rank, "ranks are %u and %u, expected the same", x->rank, y->rank);
  CHECK(ingot_expect_attributes(op, 2 * (uint64_t)x->rank));
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t start = attribute(op, 2 * i), step = attribute(op, 2 * i + 1), extent = x->dims[i], count = y->dims[i];
    REQUIRE(op, step != 0, "the step of axis %u is 0", i);
    if (count == 0) continue;
    REQUIRE(op, start >= 0 && start < extent, "axis %u starts at %lld, expected less than %lld", i, (long long)start,
            (long long)extent);
    /* Steps that stay inside number at most this, whatever the step's size. */
    const uint64_t room = (uint64_t)(step > 0 ? extent - 1 - start : start);
    const uint64_t size = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    REQUIRE(op, (uint64_t)(count - 1) <= room / size, "axis %u leaves the input: %lld steps of %lld from %lld in %lld", i,
            (long long)(count - 1), (long long)step, (long long)start, (long long)extent);
  }
  return INGOT_OK;
}

ingot_status ingot_check_pad(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 1, 1));
  const ingot_tensor *x = op->x[0], *y = op->y;
  CHECK(expect_same_element(op, x));
  REQUIRE(op, x->rank == y->rank, "ranks are %u and %u, expected the same", x->rank, y->rank);
  CHECK(ingot_expect_attributes(op, 2 + (uint64_t)x->rank));
  CHECK(ingot_expect_range(op, 0, 0, 3, "mode"));
  const int64_t mode = attribute(op, 0);
  for (uint32_t i = 0; i < x->rank; i++) {
    CHECK(ingot_expect_range(op, 2 + i, -(int64_t)INGOT_MAX_BYTES, (int64_t)INGOT_MAX_BYTES, "a begin pad"));
    const int64_t begin = attribute(op, 2 + i), extent = x->dims[i];
    /* Positions of the result before, and after, the input. */
    const int64_t end = y->dims[i] - begin - extent;
    const bool inside = begin <= 0 && end <= 0;
    REQUIRE(op, mode == 0 || ingot_tensor_count(y) == 0 || inside || extent > 0, "axis %u pads an empty axis", i);
    REQUIRE(op, mode != 1 || inside || (begin < extent && end < extent),
            "axis %u reflects %lld before and %lld after an extent of %lld", i, (long long)begin, (long long)end,
            (long long)extent);
  }
  return INGOT_OK;
}

ingot_status ingot_check_gather(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 2, 2));
  CHECK(ingot_expect_attributes(op, 1));
  const ingot_tensor *x = op->x[0], *indices = op->x[1], *y = op->y;
  CHECK(expect_same_element(op, x));
  REQUIRE(op, indices->element == INGOT_I32 || indices->element == INGOT_I64, "indices have element %u, expected i32 or i64",
          indices->element);
  CHECK(ingot_expect_range(op, 0, 0, (int64_t)x->rank - 1, "axis"));
  const uint32_t axis = (uint32_t)attribute(op, 0);
  REQUIRE(op, y->rank == x->rank - 1u + indices->rank, "the result has rank %u, expected %u", y->rank,
          x->rank - 1u + indices->rank);
  for (uint32_t i = 0; i < y->rank; i++) {
    const int64_t expected = i < axis                    ? x->dims[i]
                             : i < axis + indices->rank ? indices->dims[i - axis]
                                                         : x->dims[i - indices->rank + 1];
    REQUIRE(op, y->dims[i] == expected, "the result has extent %lld at axis %u, expected %lld", (long long)y->dims[i], i,
            (long long)expected);
  }
  return INGOT_OK;
}

ingot_status ingot_check_scatter(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 3, 3));
  CHECK(ingot_expect_attributes(op, 1));
  CHECK(ingot_expect_range(op, 0, 0, 4, "the reduction"));
  const ingot_tensor *x = op->x[0], *indices = op->x[1], *updates = op->x[2];
  CHECK(expect_same_element(op, x));
  CHECK(expect_same_element(op, updates));
  CHECK(ingot_expect_same_shape(op, x, op->y));
  REQUIRE(op, x->rank >= 1, "the input is a scalar");
  REQUIRE(op, x->element != INGOT_BOOL || attribute(op, 0) == 0, "bools can't be combined");
  REQUIRE(op, indices->element == INGOT_I32 || indices->element == INGOT_I64, "indices have element %u, expected i32 or i64",
          indices->element);
  REQUIRE(op, updates->rank == indices->rank + x->rank - 1u, "updates have rank %u, expected %u", updates->rank,
          indices->rank + x->rank - 1u);
  for (uint32_t i = 0; i < updates->rank; i++) {
    const int64_t expected = i < indices->rank ? indices->dims[i] : x->dims[i - indices->rank + 1];
    REQUIRE(op, updates->dims[i] == expected, "updates have extent %lld at axis %u, expected %lld", (long long)updates->dims[i],
            i, (long long)expected);
  }
  return INGOT_OK;
}
