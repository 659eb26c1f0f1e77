/* Rules of elementwise programs and matrix products. */
#include "check_opcode.h"

static bool broadcasts(const ingot_tensor *x, const ingot_tensor *y) {
  if (x->rank > y->rank) return false;
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t extent = x->dims[i];
    if (extent != 1 && extent != y->dims[y->rank - x->rank + i]) return false;
  }
  return true;
}

/* Step s, whose words are `step`. `domains` has that of each register defined so far, 0 for an input that no step has read. */
static ingot_status check_step(const ingot_op *op, uint32_t s, const uint64_t *step, uint32_t *domains) {
  const unsigned arity = step[0] <= UINT32_MAX ? ingot_function_arity((uint32_t)step[0]) : 0;
  REQUIRE(op, step[1] == INGOT_F32 || step[1] == INGOT_I64, "step %u has domain %llu, expected %u or %u", s,
          (unsigned long long)step[1], INGOT_F32, INGOT_I64);
  const uint32_t domain = (uint32_t)step[1], result = arity == 0 ? 0 : ingot_function_result((uint32_t)step[0], domain);
  REQUIRE(op, result != 0, "step %u has function %llu, which domain %u does not have", s, (unsigned long long)step[0], domain);
  for (unsigned k = 0; k < 3; k++) {
    const uint64_t source = step[2 + k];
    REQUIRE(op, k < arity ? source < op->inputs + s : source == 0, "step %u reads register %llu, which is not defined before it",
            s, (unsigned long long)source);
    if (k >= arity) continue;
    if (domains[source] == 0) domains[source] = domain;
    REQUIRE(op, domains[source] == domain, "step %u computes in domain %u and reads register %llu, which holds %u", s, domain,
            (unsigned long long)source, domains[source]);
  }
  domains[op->inputs + s] = result;
  return INGOT_OK;
}

ingot_status ingot_check_elementwise(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, op->inputs, INGOT_MAX_ELEMENTWISE_INPUTS));
  REQUIRE(op, op->attribute_count >= 1, "it has no attributes, expected at least 1");
  CHECK(ingot_expect_range(op, 0, 1, INGOT_MAX_ELEMENTWISE_STEPS, "the number of steps"));
  const uint32_t steps = (uint32_t)op->attributes[0];
  CHECK(ingot_expect_attributes(op, 1 + INGOT_STEP_WORDS * (uint64_t)steps));
  for (uint32_t i = 0; i < op->inputs; i++) {
    REQUIRE(op, broadcasts(op->x[i], op->y), "input %u does not broadcast to the result's shape", i);
  }
  uint32_t domains[INGOT_MAX_ELEMENTWISE_INPUTS + INGOT_MAX_ELEMENTWISE_STEPS] = {0};
  for (uint32_t s = 0; s < steps; s++) CHECK(check_step(op, s, op->attributes + 1 + INGOT_STEP_WORDS * s, domains));
  return INGOT_OK;
}

/* Shapes of a matrix product. */
static ingot_status expect_product(const ingot_op *op, bool transpose_a, bool transpose_b) {
  const ingot_tensor *a = op->x[0], *b = op->x[1], *y = op->y;
  REQUIRE(op, a->rank >= 2 && b->rank >= 2, "the inputs have rank %u and %u, expected at least 2", a->rank, b->rank);
  REQUIRE(op, y->rank == (a->rank > b->rank ? a->rank : b->rank), "the result has rank %u, expected the larger of %u and %u",
          y->rank, a->rank, b->rank);
  const int64_t m = a->dims[a->rank - (transpose_a ? 1 : 2)], k = a->dims[a->rank - (transpose_a ? 2 : 1)];
  const int64_t k_of_b = b->dims[b->rank - (transpose_b ? 1 : 2)], n = b->dims[b->rank - (transpose_b ? 2 : 1)];
  REQUIRE(op, k == k_of_b, "the inner extents are %lld and %lld, expected the same", (long long)k, (long long)k_of_b);
  REQUIRE(op, y->dims[y->rank - 2] == m && y->dims[y->rank - 1] == n, "the result is %lld by %lld, expected %lld by %lld",
          (long long)y->dims[y->rank - 2], (long long)y->dims[y->rank - 1], (long long)m, (long long)n);
  for (uint32_t i = 3; i <= y->rank; i++) {
    const int64_t left = i <= a->rank ? a->dims[a->rank - i] : 1, right = i <= b->rank ? b->dims[b->rank - i] : 1;
    const int64_t expected = left == 1 ? right : left;
    REQUIRE(op, (right == 1 || right == expected) && y->dims[y->rank - i] == expected,
            "batch extents %lld and %lld give %lld, which do not broadcast", (long long)left, (long long)right,
            (long long)y->dims[y->rank - i]);
  }
  return INGOT_OK;
}

ingot_status ingot_check_matmul(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 2, 3));
  CHECK(ingot_expect_attributes(op, 5));
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_range(op, 0, 0, 1, "transpose_a"));
  CHECK(ingot_expect_range(op, 1, 0, 1, "transpose_b"));
  CHECK(ingot_expect_activation(op, 2));
  const ingot_tensor *bias = op->x[2], *y = op->y;
  CHECK(expect_product(op, attribute(op, 0) != 0, attribute(op, 1) != 0));
  if (bias == NULL) return INGOT_OK;
  const int64_t m = y->dims[y->rank - 2], n = y->dims[y->rank - 1];
  const bool by_column = bias->rank == 1 && bias->dims[0] == n;
  const bool by_row = bias->rank == 2 && bias->dims[0] == m && bias->dims[1] == 1;
  REQUIRE(op, by_column || by_row, "the bias has rank %u and first extent %lld, expected [%lld] or [%lld, 1]", bias->rank,
          (long long)bias->dims[0], (long long)n, (long long)m);
  return INGOT_OK;
}

ingot_status ingot_check_matmul_integer(const ingot_op *op) {
  CHECK(ingot_expect_inputs(op, 4, 4));
  CHECK(ingot_expect_attributes(op, 0));
  CHECK(expect_product(op, false, false));
  const ingot_tensor *y = op->y;
  CHECK(ingot_expect_zero_point(op, op->x[2], op->x[0], y->dims[y->rank - 2]));
  CHECK(ingot_expect_zero_point(op, op->x[3], op->x[1], y->dims[y->rank - 1]));
  REQUIRE(op, y->element == INGOT_I32, "the result has element %u, expected i32", y->element);
  return INGOT_OK;
}
