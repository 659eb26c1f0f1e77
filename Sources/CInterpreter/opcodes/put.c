/* PUT: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_put(const ingot_op *op) { return ingot_expect_parts(op, op->y, op->x[0]); }

static int prepare_put(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_tensor *x = prepared_input(p, 0);
  const int64_t bytes = (int64_t)ingot_tensor_bytes(x);
  char *y = prepared_address(p, p->y);
  arguments->copy = (kernel_copy){prepared_address(p, x), y + p->step * bytes, bytes};
  return KERNEL_copy;
}

const ingot_facts ingot_put_facts = {.results = 1, .required = 1, .most = 1, .check = check_put, .prepare = prepare_put};
