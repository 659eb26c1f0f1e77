/* POOL_INTEGER: rules and kernel arguments. */
#include "../rescaling.h"
#include "../spatial.h"

static ingot_rescaling rescaling_of(const ingot_pool_integer_attributes *a) {
  return (ingot_rescaling){a->rounding, a->least, a->most};
}

static ingot_status check_pool_integer(const ingot_op *op) {
  const ingot_pool_integer_attributes *pool = op->attributes;
  const ingot_pool_window *window = op->tail;
  CHECK(ingot_expect_quantized(op, 0, false));
  REQUIRE(op, pool->kind != INGOT_POOL_MAX, "kind is 0, expected an average");
  CHECK(ingot_expect_pooling(op));
  int64_t taps = 1;
  for (uint32_t s = 0; s < op->tail_count; s++) taps = taps > INGOT_MAX_EXTENT ? taps : taps * window[s].kernel;
  REQUIRE(op, op->x[2]->rank == 1, "the multiplier has rank %u, expected 1", op->x[2]->rank);
  return ingot_expect_rescaling(op, rescaling_of(pool), 2, taps);
}

static int prepare_pool_integer(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_pool_integer_attributes *pool = p->attributes;
  arguments->pool_integer = (kernel_pool_integer){.window = ingot_prepared_pool(p, (uint8_t)pool->kind),
                                                  .x_zero = prepared_address(p, prepared_input(p, 1)),
                                                  .rescaling = ingot_prepared_rescaling(p, rescaling_of(pool), 2)};
  return KERNEL_pool_integer;
}

const ingot_facts ingot_pool_integer_facts = {
    .results = 1, .required = 5, .most = 5, .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0), 
    .check = check_pool_integer, .prepare = prepare_pool_integer};
