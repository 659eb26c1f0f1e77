/* Results must not share memory with anything that the instruction still reads or also writes. */
#include "opcode.h"

#include <string.h>

/* Where a tensor starts in its memory. An input or output that is bound lies elsewhere and overlaps nothing, but within
 * one buffer distances stay the same, so this place answers for both. */
static uint64_t place(const ingot_function_view *view, const ingot_tensor *tensor) {
  return view->buffers[tensor->buffer].offset + tensor->offset;
}

static bool overlaps(const ingot_function_view *view, const ingot_tensor *a, const ingot_tensor *b) {
  if (view->buffers[a->buffer].kind == INGOT_BUFFER_WEIGHT || view->buffers[b->buffer].kind == INGOT_BUFFER_WEIGHT) return false;
  if (view->buffers[a->buffer].memory != view->buffers[b->buffer].memory) return false;
  const uint64_t a_bytes = ingot_tensor_bytes(a), b_bytes = ingot_tensor_bytes(b);
  if (a_bytes == 0 || b_bytes == 0) return false;
  return place(view, a) < place(view, b) + b_bytes && place(view, b) < place(view, a) + a_bytes;
}

/* The same elements in the same places: every element is read before it is written. */
static bool coincides(const ingot_function_view *view, const ingot_tensor *y, const ingot_tensor *x) {
  return place(view, y) == place(view, x) && ingot_element_bytes(y->element) == ingot_element_bytes(x->element) &&
         ingot_tensor_count(y) == ingot_tensor_count(x);
}

ingot_status ingot_check_overlap(const ingot_checker *c) {
  const ingot_function_view *view = c->view;
  const ingot_instruction *instruction = &view->instructions[c->instruction];
  const ingot_facts *facts = ingot_facts_of(instruction);
  if (facts->aliases) return INGOT_OK;
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
