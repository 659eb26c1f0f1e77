/* ARG_POOL: rules and kernel arguments. */
#include "../spatial.h"

static ingot_status check_arg_pool(const ingot_op *op) {
  const ingot_tensor *x = op->x[0];
  REQUIRE(op, (is_float(x) || x->element == INGOT_I8 || x->element == INGOT_U8) && op->y->element == INGOT_I64,
          "elements are %s and %s, expected a float, i8 or u8, and i64", ingot_element_text(x->element),
          ingot_element_text(op->y->element));
  return ingot_expect_pooling(op);
}

static int prepare_arg_pool(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_pool_window *window = p->tail;
  const ingot_tensor *x = prepared_input(p, 0), *y = p->y;
  kernel_arg_pool *arguments = &all->arg_pool;
  *arguments = (kernel_arg_pool){.x = prepared_address(p, x), .y = prepared_address(p, y), .element = x->element,
                                 .planes = x->dims[0] * x->dims[1], .kernel = {1, 1, 1}, .stride = {1, 1, 1},
                                 .dilation = {1, 1, 1}};
  ingot_prepare_spatial(x, arguments->in);
  ingot_prepare_spatial(y, arguments->out);
  for (uint32_t axis = ingot_first_spatial(x); axis < 3; axis++, window++) {
    arguments->kernel[axis] = window->kernel;
    arguments->stride[axis] = window->stride;
    arguments->dilation[axis] = window->dilation;
    arguments->begin[axis] = window->begin;
  }
  return KERNEL_arg_pool;
}

const ingot_facts ingot_arg_pool_facts = {
    .results = 1, .required = 1, .most = 1, .check = check_arg_pool, .prepare = prepare_arg_pool};
