/* RESCALE: rules and kernel arguments. */
#include "../rescaling.h"
#include "../rows.h"

static ingot_status check_rescale(const ingot_op *op) {
  const ingot_rescale_attributes *rescale = op->attributes;
  const ingot_tensor *x = op->x[0];
  CHECK(ingot_expect_same_shape(op, x, op->y));
  CHECK(ingot_expect_quantized(op, 0, true));
  CHECK(ingot_expect_no_row_channels(op, op->x[2]->rank > 0, rescale->axis));
  return ingot_expect_rescaling_along(op, ingot_rescaling_of(rescale), 2, rescale->axis);
}

static int prepare_rescale(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_rescale_attributes *rescale = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  const kernel_rescaling rescaling = ingot_prepared_rescaling(p, ingot_rescaling_of(rescale), 2);
  const ingot_rows rows = ingot_part_rows(p, p->part);
  const ingot_tensor part = ingot_rows_of(x, rows);
  arguments->rescale = (kernel_rescale){
      .x = ingot_row_address(p, x, rows), .x_zero = prepared_address(p, prepared_input(p, 1)), .y = ingot_row_address(p, p->y, rows),
      .x_element = x->element, .rows = ingot_prepared_channels(&part, &rescaling, rescale->axis),
      .pieces = ingot_prepared_pieces(x, p->y, rows), .rescaling = rescaling};
  return KERNEL_rescale;
}

const ingot_facts ingot_rescale_facts = {
    .results = 1, .required = 5, .most = 5, .in_place = 1 << 0, .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0),
    .tasks = ingot_row_parts, .check = check_rescale, .prepare = prepare_rescale};
