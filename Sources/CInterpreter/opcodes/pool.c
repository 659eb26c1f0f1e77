/* POOL: rules and kernel arguments. */
#include "../spatial.h"

static ingot_status check_pool(const ingot_op *op) {
  const ingot_pool_attributes *pool = op->attributes;
  const ingot_tensor *x = op->x[0], *y = op->y;
  const bool small = x->element == INGOT_I8 || x->element == INGOT_U8;
  REQUIRE(op, x->element == y->element && (is_float(x) || (small && pool->kind == INGOT_POOL_MAX)),
          "elements are %s and %s, expected the same float, or i8 or u8 for the maximum", ingot_element_text(x->element),
          ingot_element_text(y->element));
  return ingot_expect_pooling(op);
}

static int prepare_pool(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_pool_attributes *pool = p->attributes;
  const ingot_pool_window *window = p->tail;
  const ingot_tensor *x = prepared_input(p, 0), *y = p->y;
  kernel_pool *arguments = &all->pool;
  *arguments = (kernel_pool){.x = prepared_address(p, x), .y = prepared_address(p, y), .element = x->element,
                             .kind = (uint8_t)pool->kind, .planes = x->dims[0] * x->dims[1], .kernel = {1, 1, 1},
                             .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  ingot_prepare_spatial(x, arguments->in);
  ingot_prepare_spatial(y, arguments->out);
  for (uint32_t axis = ingot_first_spatial(x); axis < 3; axis++, window++) {
    arguments->kernel[axis] = window->kernel;
    arguments->stride[axis] = window->stride;
    arguments->dilation[axis] = window->dilation;
    arguments->begin[axis] = window->begin;
    arguments->end[axis] = window->end;
  }
  return KERNEL_pool;
}

const ingot_facts ingot_pool_facts = {.results = 1, .required = 1, .most = 1, .check = check_pool, .prepare = prepare_pool};
