/* Windows of rows, in parts whose rows lie one behind the other. */
#include "rows.h"

static uint32_t operand_count(const ingot_instruction *instruction) {
  return (uint32_t)instruction->result_count + instruction->input_count;
}

bool ingot_has_windows(const ingot_function_view *view, const ingot_instruction *instruction) {
  for (uint32_t k = 0; k < operand_count(instruction); k++) {
    const ingot_tensor *tensor = ingot_operand(view, instruction, k);
    if (tensor != NULL && tensor->image_rows != 0) return true;
  }
  return false;
}

/* The least row behind `row` that the first row of an operand's ring follows; all rows when there is none. */
static int64_t next_turn(const ingot_function_view *view, const ingot_instruction *instruction, int64_t row) {
  const ingot_tensor *y = ingot_operand(view, instruction, 0);
  int64_t next = y->rank < 2 ? 1 : y->dims[y->rank - 2];
  for (uint32_t k = 0; k < operand_count(instruction); k++) {
    const ingot_tensor *tensor = ingot_operand(view, instruction, k);
    if (tensor == NULL || tensor->image_rows == 0) continue;
    const int64_t turn = (int64_t)tensor->image_rows - tensor->first_row;
    if (turn > row && turn < next && turn < tensor->dims[tensor->rank - 2]) next = turn;
  }
  return next;
}

uint32_t ingot_row_parts(const ingot_function_view *view, const ingot_instruction *instruction) {
  const ingot_tensor *y = ingot_operand(view, instruction, 0);
  const int64_t rows = y->rank < 2 ? 1 : y->dims[y->rank - 2];
  uint32_t parts = 1;
  for (int64_t row = next_turn(view, instruction, 0); row < rows; row = next_turn(view, instruction, row)) parts++;
  return parts;
}

ingot_rows ingot_part_rows(const ingot_preparation *p, uint32_t part) {
  ingot_rows rows = {0, next_turn(p->view, p->instruction, 0)};
  while (part-- > 0) {
    rows.first += rows.count;
    rows.count = next_turn(p->view, p->instruction, rows.first) - rows.first;
  }
  return rows;
}

ingot_rows ingot_pair_rows(const ingot_tensor *x, const ingot_tensor *y, uint32_t part) {
  const int64_t rows = y->dims[y->rank - 2], of_x = ingot_image_rows(x) - x->first_row, of_y = ingot_image_rows(y) - y->first_row;
  const int64_t low = of_x < of_y ? of_x : of_y, high = of_x < of_y ? of_y : of_x;
  const int64_t borders[INGOT_PAIR_PARTS + 1] = {0, low < rows ? low : rows, high < rows ? high : rows, rows};
  return (ingot_rows){borders[part], borders[part + 1] - borders[part]};
}

ingot_rows ingot_result_rows(const ingot_tensor *y, uint32_t part) {
  const int64_t rows = y->dims[y->rank - 2], turn = ingot_image_rows(y) - y->first_row;
  if (turn >= rows) return (ingot_rows){0, rows};
  return part == 0 ? (ingot_rows){0, turn} : (ingot_rows){turn, rows - turn};
}

uint32_t ingot_result_parts(const ingot_function_view *view, const ingot_instruction *instruction) {
  const ingot_tensor *y = ingot_operand(view, instruction, 0);
  return ingot_result_rows(y, 0).count < y->dims[y->rank - 2] ? 2 : 1;
}

void *ingot_row_address(const ingot_preparation *p, const ingot_tensor *tensor, ingot_rows rows) {
  char *address = prepared_address(p, tensor);
  if (tensor->rank < 2) return address;
  int64_t row = tensor->first_row;
  /* One row that all share is the same in every part. */
  if (tensor->dims[tensor->rank - 2] > 1) row += rows.first;
  if (tensor->image_rows != 0) row %= tensor->image_rows;
  return address + row * tensor->dims[tensor->rank - 1] * (int64_t)ingot_element_bytes(tensor->element);
}

ingot_tensor ingot_rows_of(const ingot_tensor *tensor, ingot_rows rows) {
  ingot_tensor part = *tensor;
  if (part.rank >= 2) part.dims[part.rank - 2] = rows.count;
  return part;
}

kernel_pieces ingot_prepared_pieces(const ingot_tensor *x, const ingot_tensor *y, ingot_rows rows) {
  if (x->image_rows == 0 && y->image_rows == 0) return (kernel_pieces){0, 0, 0};
  const int64_t width = y->dims[y->rank - 1];
  return (kernel_pieces){rows.count * width, ingot_image_rows(x) * width, ingot_image_rows(y) * width};
}

ingot_status ingot_expect_no_row_channels(const ingot_op *op, bool per_channel, int64_t axis) {
  REQUIRE(op, !per_channel || axis + 2 != op->y->rank || !ingot_has_windows(op->c->view, op->instruction),
          "it has parameters for each row, which windows of rows do not take");
  return INGOT_OK;
}
