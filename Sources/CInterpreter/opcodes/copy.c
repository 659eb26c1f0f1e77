/* COPY: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_copy(const ingot_op *op) {
  const ingot_tensor *x = op->x[0], *y = op->y;
  REQUIRE(op, ingot_element_bytes(x->element) == ingot_element_bytes(y->element) &&
                  (y->element != INGOT_BOOL || x->element == INGOT_BOOL),
          "elements are %s and %s, expected the same size, and bools only from bools", ingot_element_text(x->element),
          ingot_element_text(y->element));
  REQUIRE(op, ingot_tensor_count(x) == ingot_tensor_count(y), "%lld elements are copied to %lld", (long long)ingot_tensor_count(x),
          (long long)ingot_tensor_count(y));
  return INGOT_OK;
}

static int prepare_copy(const ingot_preparation *p, ingot_arguments *arguments) {
  arguments->copy = (kernel_copy){prepared_address(p, prepared_input(p, 0)), prepared_address(p, p->y),
                                  (int64_t)ingot_tensor_bytes(p->y)};
  return KERNEL_copy;
}

const ingot_facts ingot_copy_facts = {
    .results = 1, .required = 1, .most = 1, .aliases = true, .check = check_copy, .prepare = prepare_copy};
