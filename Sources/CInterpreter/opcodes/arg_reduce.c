/* ARG_REDUCE: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_arg_reduce(const ingot_op *op) {
  const ingot_arg_reduce_attributes *reduce = op->attributes;
  const ingot_tensor *x = op->x[0], *y = op->y;
  REQUIRE(op, y->element == INGOT_I64 || y->element == INGOT_I32, "the result has element %s, expected i64 or i32",
          ingot_element_text(y->element));
  const int64_t extent = x->dims[reduce->axis];
  int64_t kept = 1;
  for (uint32_t i = 0; i < x->rank; i++) kept *= i == reduce->axis ? 1 : x->dims[i];
  REQUIRE(op, ingot_tensor_count(y) == kept, "the result has %lld elements, expected %lld", (long long)ingot_tensor_count(y),
          (long long)kept);
  REQUIRE(op, (extent > 0 || kept == 0) && (y->element == INGOT_I64 || extent <= INT32_MAX), "the axis has extent %lld",
          (long long)extent);
  return INGOT_OK;
}

static int prepare_arg_reduce(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_arg_reduce_attributes *reduce = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const uint32_t axis = (uint32_t)reduce->axis;
  arguments->arg_reduce = (kernel_arg_reduce){
      .x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element, .y_element = p->y->element,
      .least = reduce->order == INGOT_ORDER_SMALLEST, .last = reduce->last != 0, .outer = prepared_product(x, 0, axis),
      .extent = x->dims[axis], .inner = prepared_product(x, axis + 1, x->rank)};
  return KERNEL_arg_reduce;
}

const ingot_facts ingot_arg_reduce_facts = {
    .results = 1, .required = 1, .most = 1, .check = check_arg_reduce, .prepare = prepare_arg_reduce};
