/* GROUP_NORM: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_group_norm(const ingot_op *op) {
  const ingot_group_norm_attributes *norm = op->attributes;
  const ingot_tensor *x = op->x[0];
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_same_shape(op, x, op->y));
  REQUIRE(op, x->rank >= 2, "the input has rank %u, expected at least 2", x->rank);
  REQUIRE(op, x->dims[1] % norm->groups == 0, "%lld channels do not split into %lld groups", (long long)x->dims[1],
          (long long)norm->groups);
  CHECK(ingot_expect_vector(op, op->x[1], x->dims[1], "scale"));
  return ingot_expect_vector(op, op->x[2], x->dims[1], "bias");
}

static int prepare_group_norm(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_group_norm_attributes *norm = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *scale = prepared_input(p, 1), *bias = prepared_input(p, 2);
  const int64_t inner = prepared_product(x, 2, x->rank);
  arguments->normalize = (kernel_normalize){
      .x = prepared_address(p, x), .scale = prepared_address(p, scale), .bias = prepared_address(p, bias),
      .y = prepared_address(p, p->y), .x_element = x->element, .y_element = p->y->element,
      .scale_element = prepared_element(scale), .bias_element = prepared_element(bias), .kind = INGOT_NORM_LAYER,
      .epsilon = norm->epsilon, .outer = x->dims[0] * norm->groups, .extent = x->dims[1] / norm->groups * inner, .inner = inner,
      .groups = norm->groups};
  return KERNEL_normalize;
}

const ingot_facts ingot_group_norm_facts = {
    .results = 1, .required = 1, .most = 3, .check = check_group_norm, .prepare = prepare_group_norm};
