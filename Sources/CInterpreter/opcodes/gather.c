/* GATHER: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_gather(const ingot_op *op) {
  const ingot_gather_attributes *gather = op->attributes;
  const ingot_tensor *x = op->x[0], *indices = op->x[1], *y = op->y;
  CHECK(ingot_expect_same_element(op, x));
  CHECK(ingot_expect_indices(op, indices));
  const uint32_t axis = (uint32_t)gather->axis;
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

static int prepare_gather(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_gather_attributes *gather = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *indices = prepared_input(p, 1);
  const uint32_t axis = (uint32_t)gather->axis;
  arguments->gather = (kernel_gather){
      .x = prepared_address(p, x), .indices = prepared_address(p, indices), .y = prepared_address(p, p->y),
      .index_element = indices->element, .outer = prepared_product(x, 0, axis), .extent = x->dims[axis],
      .count = ingot_tensor_count(indices),
      .inner_bytes = prepared_product(x, axis + 1, x->rank) * (int64_t)ingot_element_bytes(x->element)};
  return KERNEL_gather;
}

static ingot_indices gather_indices(const ingot_arguments *arguments) {
  const kernel_gather *gather = &arguments->gather;
  return (ingot_indices){gather->indices, gather->index_element, gather->count, gather->extent};
}

const ingot_facts ingot_gather_facts = {
    .results = 1, .required = 2, .most = 2, .check = check_gather, .prepare = prepare_gather, .indices = gather_indices};
