/* A program section, split into its parts. */
#include "internal.h"

#include <string.h>

static ingot_tensor_info interface_info(const ingot_function_view *view, const ingot_tensor *tensor) {
  ingot_tensor_info info = {.name = view->strings + tensor->name, .name_bytes = tensor->name_bytes,
                            .element = tensor->element, .rank = tensor->rank,
                            .bytes = (size_t)ingot_tensor_bytes(tensor)};
  memcpy(info.dims, tensor->dims, sizeof info.dims);
  return info;
}

ingot_status ingot_read_function(ingot_bundle *bundle, uint32_t function, const ingot_block *block,
                                 const ingot_report *report) {
  ingot_function_view *view = &bundle->functions[function];
  const ingot_program *header = (const ingot_program *)(const void *)block->data;
  if (block->bytes < sizeof *header)
    return ingot_fail(report, INGOT_ERROR_INVALID, "program %u has %llu bytes, fewer than its header", function,
                      (unsigned long long)block->bytes);
  /* Counts are 32 bits wide, so none of these sums can overflow. */
  const uint64_t memories = sizeof *header;
  const uint64_t buffers = memories + (uint64_t)header->memory_count * sizeof(ingot_memory);
  const uint64_t tensors = buffers + (uint64_t)header->buffer_count * sizeof(ingot_buffer);
  const uint64_t sizes = tensors + (uint64_t)header->tensor_count * sizeof(ingot_tensor);
  const uint64_t instructions = sizes + (uint64_t)header->size_count * sizeof(ingot_output_size);
  const uint64_t operands = instructions + (uint64_t)header->instruction_count * sizeof(ingot_instruction);
  const uint64_t operand_words = (uint64_t)header->operand_count + header->operand_count % 2;
  const uint64_t attributes = operands + operand_words * sizeof(uint32_t);
  const uint64_t strings = attributes + (uint64_t)header->attribute_count * sizeof(uint64_t);
  if (strings + header->string_bytes != block->bytes)
    return ingot_fail(report, INGOT_ERROR_INVALID, "program %u has %llu bytes, its counts ask for %llu", function,
                      (unsigned long long)block->bytes, (unsigned long long)(strings + header->string_bytes));
  const uint8_t *data = block->data;
  view->header = header;
  view->memories = (const ingot_memory *)(const void *)(data + memories);
  view->buffers = (const ingot_buffer *)(const void *)(data + buffers);
  view->tensors = (const ingot_tensor *)(const void *)(data + tensors);
  view->sizes = (const ingot_output_size *)(const void *)(data + sizes);
  view->instructions = (const ingot_instruction *)(const void *)(data + instructions);
  view->operands = (const uint32_t *)(const void *)(data + operands);
  view->attributes = (const uint64_t *)(const void *)(data + attributes);
  view->strings = (const char *)(data + strings);
  view->layouts = bundle->layouts;
  const ingot_status status = ingot_check_function(bundle, function, report);
  if (status != INGOT_OK) return status;
  const uint32_t count = header->input_count + header->output_count;
  view->interface = ingot_allocate(&bundle->allocator, (uint64_t)count * sizeof *view->interface);
  if (view->interface == NULL)
    return ingot_fail(report, INGOT_ERROR_MEMORY, "the interface of program %u needs memory that the allocator refused", function);
  for (uint32_t i = 0; i < count; i++) view->interface[i] = interface_info(view, &view->tensors[i]);
  return INGOT_OK;
}
