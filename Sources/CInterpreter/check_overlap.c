/* Results must not share memory with anything that the instruction still reads or also writes. */
#include "internal.h"

#include <string.h>

/* A tensor's bytes. Tensors of one buffer are compared in that buffer, others by their places in the arena: an
 * unbound input or output lies there, and a bound one lies elsewhere and overlaps nothing. */
static bool overlaps(const ingot_function_view *view, const ingot_tensor *a, const ingot_tensor *b) {
  const ingot_buffer *left = &view->buffers[a->buffer], *right = &view->buffers[b->buffer];
  if (left->kind == INGOT_BUFFER_WEIGHT || right->kind == INGOT_BUFFER_WEIGHT) return false;
  const uint64_t left_bytes = ingot_tensor_bytes(a), right_bytes = ingot_tensor_bytes(b);
  if (left_bytes == 0 || right_bytes == 0) return false;
  const uint64_t left_start = left->offset + a->offset, right_start = right->offset + b->offset;
  return left_start < right_start + right_bytes && right_start < left_start + left_bytes;
}

/* The same elements in the same places: every element is read before it is written. */
static bool coincides(const ingot_tensor *y, const ingot_tensor *x) {
  return y->buffer == x->buffer && y->offset == x->offset &&
         ingot_element_bytes(y->element) == ingot_element_bytes(x->element) && ingot_tensor_count(y) == ingot_tensor_count(x);
}

ingot_status ingot_check_overlap(const ingot_checker *c) {
  const ingot_function_view *view = c->view;
  const ingot_instruction *instruction = &view->instructions[c->instruction];
  for (uint32_t r = 0; r < instruction->result_count; r++) {
    const ingot_tensor *result = ingot_operand(view, instruction, r);
    for (uint32_t k = r + 1; k < (uint32_t)instruction->result_count + instruction->input_count; k++) {
      const ingot_tensor *other = ingot_operand(view, instruction, k);
      if (other == NULL || !overlaps(view, result, other)) continue;
      if (instruction->opcode == INGOT_OP_COPY) continue;
      if (instruction->opcode == INGOT_OP_ELEMENTWISE && coincides(result, other)) continue;
      return ingot_invalid(c, "result %u overlaps operand %u in memory", r, k);
    }
  }
  return INGOT_OK;
}
