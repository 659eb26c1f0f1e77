/* POOL: rules and kernel arguments. */
#include "../spatial.h"

static ingot_status check_pool(const ingot_op *op) {
  const ingot_pool_attributes *pool = op->attributes;
  const ingot_tensor *x = op->x[0], *y = op->y;
  const bool small = x->element == INGOT_I8 || x->element == INGOT_U8 || x->element == INGOT_I16;
  REQUIRE(op, x->element == y->element && (is_float(x) || (small && pool->kind == INGOT_POOL_MAX)),
          "elements are %s and %s, expected the same float, or i8, u8 or i16 for the maximum", ingot_element_text(x->element),
          ingot_element_text(y->element));
  return ingot_expect_pooling(op);
}

static int prepare_pool(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_pool_attributes *pool = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const kernel_pool window = ingot_prepared_pool(p, (uint8_t)pool->kind);
  if (is_float(x)) {
    arguments->pool = window;
    return KERNEL_pool;
  }
  const int32_t least = x->element == INGOT_I8 ? INT8_MIN : x->element == INGOT_I16 ? INT16_MIN : 0;
  arguments->pool_integer = (kernel_pool_integer){.window = window, .least = least};
  return KERNEL_pool_integer;
}

const ingot_facts ingot_pool_facts = {.results = 1, .required = 1, .most = 1, .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0), 
                                      .check = check_pool, .prepare = prepare_pool};
