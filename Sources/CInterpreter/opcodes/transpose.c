/* TRANSPOSE: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_transpose(const ingot_op *op) {
  const ingot_transpose_axis *axes = op->tail;
  const ingot_tensor *x = op->x[0], *y = op->y;
  CHECK(ingot_expect_same_element(op, x));
  REQUIRE(op, x->rank == y->rank, "ranks are %u and %u, expected the same", x->rank, y->rank);
  uint32_t seen = 0;
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t from = axes[i].permutation;
    REQUIRE(op, (seen >> from & 1) == 0, "axis %lld appears twice in the permutation", (long long)from);
    seen |= 1u << from;
    REQUIRE(op, y->dims[i] == x->dims[from], "axis %u has extent %lld, expected %lld", i, (long long)y->dims[i],
            (long long)x->dims[from]);
  }
  return INGOT_OK;
}

static int prepare_transpose(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_transpose_axis *axes = p->tail;
  const ingot_tensor *x = prepared_input(p, 0);
  arguments->permute = ingot_prepared_permute(p);
  for (uint32_t i = 0; i < x->rank; i++)
    arguments->permute.strides[i] = prepared_product(x, (uint32_t)axes[i].permutation + 1, x->rank);
  kernel_permute_merge(&arguments->permute);
  return KERNEL_permute;
}

const ingot_facts ingot_transpose_facts = {
    .results = 1, .required = 1, .most = 1, .check = check_transpose, .prepare = prepare_transpose};
