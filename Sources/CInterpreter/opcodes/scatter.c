/* SCATTER: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_scatter(const ingot_op *op) {
  const ingot_scatter_attributes *scatter = op->attributes;
  const ingot_tensor *x = op->x[0], *indices = op->x[1], *updates = op->x[2];
  CHECK(ingot_expect_same_element(op, x));
  CHECK(ingot_expect_same_element(op, updates));
  CHECK(ingot_expect_same_shape(op, x, op->y));
  REQUIRE(op, x->rank >= 1, "the input is a scalar");
  REQUIRE(op, x->element != INGOT_BOOL || scatter->reduction == INGOT_SCATTER_NONE, "bools can't be combined");
  CHECK(ingot_expect_indices(op, indices));
  REQUIRE(op, updates->rank == indices->rank + x->rank - 1u, "updates have rank %u, expected %u", updates->rank,
          indices->rank + x->rank - 1u);
  for (uint32_t i = 0; i < updates->rank; i++) {
    const int64_t expected = i < indices->rank ? indices->dims[i] : x->dims[i - indices->rank + 1];
    REQUIRE(op, updates->dims[i] == expected, "updates have extent %lld at axis %u, expected %lld", (long long)updates->dims[i],
            i, (long long)expected);
  }
  return INGOT_OK;
}

static int prepare_scatter(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_scatter_attributes *scatter = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *indices = prepared_input(p, 1), *updates = prepared_input(p, 2);
  arguments->scatter = (kernel_scatter){
      .x = prepared_address(p, x), .indices = prepared_address(p, indices), .updates = prepared_address(p, updates),
      .y = prepared_address(p, p->y), .element = x->element, .index_element = indices->element,
      .reduction = (uint8_t)scatter->reduction, .extent = x->dims[0], .count = ingot_tensor_count(indices),
      .inner = prepared_product(x, 1, x->rank)};
  return KERNEL_scatter;
}

static ingot_indices scatter_indices(const ingot_arguments *arguments) {
  const kernel_scatter *scatter = &arguments->scatter;
  return (ingot_indices){scatter->indices, scatter->index_element, scatter->count, scatter->extent};
}

const ingot_facts ingot_scatter_facts = {
    .results = 1, .required = 3, .most = 3, .check = check_scatter, .prepare = prepare_scatter, .indices = scatter_indices};
