/* LOOKUP: rules and kernel arguments. */
#include "../rescaling.h"
#include "../rows.h"

static ingot_status check_lookup(const ingot_op *op) {
  const ingot_rescale_attributes *lookup = op->attributes;
  const ingot_tensor *x = op->x[0], *table = op->x[1], *y = op->y;
  const bool fine = x->element == INGOT_I16 && table->element == INGOT_I16;
  const bool small = (x->element == INGOT_I8 || x->element == INGOT_U8) && ingot_is_quantized(table->element);
  CHECK(ingot_expect_same_shape(op, x, y));
  REQUIRE(op, fine || small,
          "elements of x and table are %s and %s, expected i8 or u8 and i8, u8, i16 or i32, or both i16",
          ingot_element_text(x->element), ingot_element_text(table->element));
  CHECK(ingot_expect_vector(op, table, fine ? 513 : 256, "the table"));
  if (op->inputs == 2) {
    CHECK(ingot_expect_same_element(op, table));
    return ingot_expect_no_rescaling(op, ingot_rescaling_of(lookup));
  }
  REQUIRE(op, op->inputs == 5, "it has %u inputs, expected 2, then multiplier, shift and zero point if any", op->inputs);
  CHECK(ingot_expect_no_row_channels(op, op->x[2] != NULL && op->x[2]->rank > 0, lookup->axis));
  return ingot_expect_rescaling_along(op, ingot_rescaling_of(lookup), 2, lookup->axis);
}

static int prepare_lookup(const ingot_preparation *p, ingot_arguments *arguments) {
  const ingot_rescale_attributes *lookup = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0), *table = prepared_input(p, 1);
  const kernel_rescaling rescaling = p->instruction->input_count == 5
                                         ? ingot_prepared_rescaling(p, ingot_rescaling_of(lookup), 2)
                                         : (kernel_rescaling){.y_element = table->element};
  const ingot_rows rows = ingot_part_rows(p, p->part);
  const ingot_tensor part = ingot_rows_of(x, rows);
  arguments->lookup = (kernel_lookup){.x = ingot_row_address(p, x, rows), .table = prepared_address(p, table),
                                      .y = ingot_row_address(p, p->y, rows), .x_element = x->element,
                                      .table_element = table->element,
                                      .rows = ingot_prepared_channels(&part, &rescaling, lookup->axis),
                                      .pieces = ingot_prepared_pieces(x, p->y, rows), .rescaling = rescaling};
  return KERNEL_lookup;
}

const ingot_facts ingot_lookup_facts = {.results = 1, .required = 2, .most = 5, .in_place = 1 << 0, .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0),
                                        .tasks = ingot_row_parts, .check = check_lookup, .prepare = prepare_lookup};
