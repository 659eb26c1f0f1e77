/* NONZERO: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_nonzero(const ingot_op *op) {
  CHECK(ingot_expect_count(op));
  REQUIRE(op, op->x[0]->rank == 1, "the input has rank %u, expected 1", op->x[0]->rank);
  return ingot_expect_same_shape(op, op->x[0], op->y);
}

static int prepare_nonzero(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  arguments->nonzero =
      (kernel_nonzero){.x = prepared_address(p, x), .positions = prepared_address(p, p->y),
                       .count = prepared_address(p, prepared_result(p, 1)), .element = x->element, .n = x->dims[0]};
  return KERNEL_nonzero;
}

const ingot_facts ingot_nonzero_facts = {
    .results = 2, .required = 1, .most = 1, .counts = true, .check = check_nonzero, .prepare = prepare_nonzero};
