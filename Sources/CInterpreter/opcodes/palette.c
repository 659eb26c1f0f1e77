/* PALETTE: rules and kernel arguments. */
#include "../stored.h"

static ingot_status check_palette(const ingot_op *op) {
  const ingot_palette_attributes *a = op->attributes;
  const ingot_tensor *x = op->x[0], *y = op->y;
  const uint32_t axis = (uint32_t)a->axis;
  REQUIRE(op, y->element == INGOT_F32, "the result has element %s, expected f32", ingot_element_text(y->element));
  REQUIRE(op, y->rank == x->rank, "the result has rank %u, expected %u", y->rank, x->rank);
  for (uint32_t i = 0; i < x->rank; i++)
    REQUIRE(op, i == axis || y->dims[i] == x->dims[i], "the result has extent %lld at axis %u, expected %lld", (long long)y->dims[i], i,
            (long long)x->dims[i]);
  CHECK(ingot_expect_palettes(op, x, op->x[1], a->bits, a->block, prepared_product(x, 0, axis)));
  return ingot_expect_packed(op, x, a->bits, axis, y->dims[axis]);
}

static int prepare_palette(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_palette_attributes *a = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *y = p->y;
  const uint32_t axis = (uint32_t)a->axis;
  const int64_t rows = prepared_product(x, 0, axis);
  arguments->palette = (kernel_palette){
      .x = prepared_address(p, x), .y = prepared_address(p, y), .rows = rows, .extent = prepared_product(y, axis, y->rank),
      .storage = ingot_prepared_palettes(p, prepared_input(p, 1), a->bits, a->block, rows, prepared_product(x, axis, x->rank))};
  return KERNEL_palette;
}

const ingot_facts ingot_palette_facts = {.results = 1, .required = 2, .most = 2, .check = check_palette, .prepare = prepare_palette};
