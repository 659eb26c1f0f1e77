/* COPY: rules and kernel arguments. */
#include "../rows.h"

static ingot_status check_copy(const ingot_op *op) {
  const ingot_tensor *x = op->x[0], *y = op->y;
  REQUIRE(op, ingot_element_bytes(x->element) == ingot_element_bytes(y->element) &&
                  (y->element != INGOT_BOOL || x->element == INGOT_BOOL),
          "elements are %s and %s, expected the same size, and bools only from bools", ingot_element_text(x->element),
          ingot_element_text(y->element));
  REQUIRE(op, ingot_tensor_count(x) == ingot_tensor_count(y), "%lld elements are copied to %lld", (long long)ingot_tensor_count(x),
          (long long)ingot_tensor_count(y));
  if (!ingot_has_windows(op->c->view, op->instruction)) return INGOT_OK;
  REQUIRE(op, x->rank >= 2 && y->rank >= 2 && x->dims[x->rank - 2] == y->dims[y->rank - 2] && x->dims[x->rank - 1] == y->dims[y->rank - 1],
          "a window is copied from rank %u to %u, expected the same last two extents", x->rank, y->rank);
  return INGOT_OK;
}

/* Rows that follow one another, plane by plane. */
static kernel_interleave copied_rows(const ingot_preparation *p, const ingot_tensor *x) {
  const ingot_tensor *y = p->y;
  const ingot_rows rows = ingot_part_rows(p, p->part);
  const int64_t row_bytes = y->dims[y->rank - 1] * (int64_t)ingot_element_bytes(y->element);
  return (kernel_interleave){.x = ingot_row_address(p, x, rows), .y = ingot_row_address(p, y, rows),
                             .rows = prepared_product(y, 0, y->rank - 2u), .bytes = rows.count * row_bytes,
                             .x_pitch = ingot_image_rows(x) * row_bytes, .y_pitch = ingot_image_rows(y) * row_bytes};
}

static int prepare_copy(const ingot_preparation *p, ingot_arguments *arguments) {
  if (ingot_has_windows(p->view, p->instruction)) {
    arguments->interleave = copied_rows(p, prepared_input(p, 0));
    return KERNEL_interleave;
  }
  arguments->copy = (kernel_copy){prepared_address(p, prepared_input(p, 0)), prepared_address(p, p->y),
                                  (int64_t)ingot_tensor_bytes(p->y)};
  return KERNEL_copy;
}

const ingot_facts ingot_copy_facts = {
    .results = 1, .required = 1, .most = 1, .aliases = true,
    .windows = INGOT_WINDOW_RESULT | INGOT_WINDOW_INPUT(0), .tasks = ingot_row_parts, .check = check_copy, .prepare = prepare_copy};
