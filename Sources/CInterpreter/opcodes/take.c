/* TAKE: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_take(const ingot_op *op) { return ingot_expect_parts(op, op->x[0], op->y); }

static int prepare_take(const ingot_preparation *p, ingot_arguments *arguments) {
  const int64_t bytes = (int64_t)ingot_tensor_bytes(p->y);
  const char *x = prepared_address(p, prepared_input(p, 0));
  arguments->copy = (kernel_copy){x + p->step * bytes, prepared_address(p, p->y), bytes};
  return KERNEL_copy;
}

const ingot_facts ingot_take_facts = {.results = 1, .required = 1, .most = 1, .check = check_take, .prepare = prepare_take};
