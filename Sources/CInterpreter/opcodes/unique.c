/* UNIQUE: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_unique(const ingot_op *op) {
  CHECK(ingot_expect_count(op));
  REQUIRE(op, op->x[0]->rank == 2, "the input has rank %u, expected 2", op->x[0]->rank);
  const int64_t rows = op->x[0]->dims[0];
  CHECK(ingot_expect_vector(op, op->y, rows, "positions"));
  CHECK(ingot_expect_vector(op, result(op, 1), rows, "inverse"));
  return ingot_expect_vector(op, result(op, 2), rows, "counts");
}

static int prepare_unique(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_unique_attributes *unique = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  arguments->unique = (kernel_unique){
      .x = prepared_address(p, x), .positions = prepared_address(p, p->y), .inverse = prepared_address(p, prepared_result(p, 1)),
      .counts = prepared_address(p, prepared_result(p, 2)), .count = prepared_address(p, prepared_result(p, 3)),
      .element = x->element, .sorted = unique->sorted != 0, .rows = x->dims[0], .columns = x->dims[1]};
  return KERNEL_unique;
}

const ingot_facts ingot_unique_facts = {
    .results = 4, .required = 1, .most = 1, .counts = true, .check = check_unique, .prepare = prepare_unique};
