/* Results must not share memory with anything that the instruction still reads or also writes. */
#include "rows.h"

#include <string.h>

/* Where a tensor starts in its memory. An input or output that is bound lies elsewhere and overlaps nothing, but within
 * one buffer distances stay the same, so this place answers for both. */
static uint64_t place(const ingot_function_view *view, const ingot_tensor *tensor) {
  return view->buffers[tensor->buffer].offset + tensor->offset;
}

static uint64_t row_bytes(const ingot_tensor *tensor) {
  return (uint64_t)tensor->dims[tensor->rank - 1] * ingot_element_bytes(tensor->element);
}

/* Whether rows of two windows meet whose images lie plane on plane: their planes may be of one ring. */
static bool share_rows(const ingot_tensor *a, const ingot_tensor *b) {
  const int64_t image = a->image_rows, ahead = (image + b->first_row - a->first_row) % image;
  return ahead < a->dims[a->rank - 2] || (image - ahead) % image < b->dims[b->rank - 2];
}

/* Whether both are windows of images of the same planes. */
static bool share_image(const ingot_function_view *view, const ingot_tensor *a, const ingot_tensor *b) {
  if (a->image_rows == 0 || a->image_rows != b->image_rows || row_bytes(a) != row_bytes(b)) return false;
  const uint64_t from = place(view, a), to = place(view, b), distance = from < to ? to - from : from - to;
  return distance % (a->image_rows * row_bytes(a)) == 0;
}

static bool overlaps(const ingot_function_view *view, const ingot_tensor *a, const ingot_tensor *b) {
  if (view->buffers[a->buffer].kind == INGOT_BUFFER_WEIGHT || view->buffers[b->buffer].kind == INGOT_BUFFER_WEIGHT) return false;
  if (view->buffers[a->buffer].memory != view->buffers[b->buffer].memory) return false;
  if (ingot_tensor_bytes(a) == 0 || ingot_tensor_bytes(b) == 0) return false;
  if (place(view, a) >= place(view, b) + ingot_tensor_span(b) || place(view, b) >= place(view, a) + ingot_tensor_span(a)) return false;
  return !share_image(view, a, b) || share_rows(a, b);
}

/* The same elements in the same places: every element is read before it is written. */
static bool coincides(const ingot_function_view *view, const ingot_tensor *y, const ingot_tensor *x) {
  if (place(view, y) != place(view, x) || ingot_element_bytes(y->element) != ingot_element_bytes(x->element)) return false;
  if (ingot_tensor_count(y) != ingot_tensor_count(x) || y->image_rows != x->image_rows || y->first_row != x->first_row) return false;
  return y->image_rows == 0 || (y->dims[y->rank - 2] == x->dims[x->rank - 2] && y->dims[y->rank - 1] == x->dims[x->rank - 1]);
}

ingot_status ingot_check_overlap(const ingot_checker *c) {
  const ingot_function_view *view = c->view;
  const ingot_instruction *instruction = &view->instructions[c->instruction];
  const ingot_facts *facts = ingot_facts_of(instruction);
  if (facts->aliases && !ingot_has_windows(view, instruction)) return INGOT_OK;
  for (uint32_t r = 0; r < instruction->result_count; r++) {
    const ingot_tensor *result = ingot_operand(view, instruction, r);
    for (uint32_t k = r + 1; k < (uint32_t)instruction->result_count + instruction->input_count; k++) {
      const ingot_tensor *other = ingot_operand(view, instruction, k);
      if (other == NULL || !overlaps(view, result, other)) continue;
      const uint32_t input = k - instruction->result_count;
      if (input < 32 && (facts->in_place >> input & 1) != 0 && coincides(view, result, other)) continue;
      return ingot_invalid(c, "result %u overlaps operand %u in memory", r, k);
    }
  }
  return INGOT_OK;
}
