/* GRID_SAMPLE: rules and kernel arguments. */
#include "../spatial.h"

static ingot_status check_grid_sample(const ingot_op *op) {
  const ingot_tensor *x = op->x[0], *grid = op->x[1], *y = op->y;
  CHECK(ingot_expect_floats(op));
  CHECK(ingot_expect_spatial(op, grid, y));
  CHECK(ingot_expect_same_element(op, x));
  const uint32_t spatial = x->rank - 2u;
  REQUIRE(op, grid->dims[spatial + 1] == spatial, "points have %lld coordinates, expected %u", (long long)grid->dims[spatial + 1],
          spatial);
  REQUIRE(op, grid->dims[0] == x->dims[0] && y->dims[0] == x->dims[0] && y->dims[1] == x->dims[1],
          "the result is [%lld, %lld, ..] for [%lld, %lld, ..] and %lld grids", (long long)y->dims[0], (long long)y->dims[1],
          (long long)x->dims[0], (long long)x->dims[1], (long long)grid->dims[0]);
  for (uint32_t i = 0; i < spatial; i++) {
    REQUIRE(op, x->dims[2 + i] >= 1 && x->dims[2 + i] < 1 << 24, "spatial axis %u has extent %lld", i, (long long)x->dims[2 + i]);
    REQUIRE(op, y->dims[2 + i] == grid->dims[1 + i], "the result has extent %lld at axis %u, expected %lld",
            (long long)y->dims[2 + i], 2 + i, (long long)grid->dims[1 + i]);
  }
  return INGOT_OK;
}

static int prepare_grid_sample(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_grid_sample_attributes *sample = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *grid = prepared_input(p, 1);
  kernel_grid_sample *arguments = &all->grid_sample;
  *arguments = (kernel_grid_sample){
      .x = prepared_address(p, x), .grid = prepared_address(p, grid), .y = prepared_address(p, p->y), .element = x->element,
      .grid_element = grid->element, .mode = (uint8_t)sample->mode, .padding = (uint8_t)sample->padding,
      .align_corners = (uint8_t)sample->align_corners, .spatial = x->rank - 2u, .batch = x->dims[0], .channels = x->dims[1],
      .points = prepared_product(p->y, 2, p->y->rank)};
  ingot_prepare_spatial(x, arguments->in);
  return KERNEL_grid_sample;
}

const ingot_facts ingot_grid_sample_facts = {
    .results = 1, .required = 2, .most = 2, .check = check_grid_sample, .prepare = prepare_grid_sample};
