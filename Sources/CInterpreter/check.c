/* Rules for programs: memories, buffers, tensors, the interface, instructions. Rules of single opcodes are in opcodes/. */
#include "check_loop.h"

#include <stdio.h>
#include <string.h>

ingot_status ingot_invalid(const ingot_checker *checker, const char *format, ...) {
  char text[INGOT_MESSAGE_BYTES];
  va_list values;
  va_start(values, format);
  vsnprintf(text, sizeof text, format, values);
  va_end(values);
  const ingot_function_view *view = checker->view;
  const int function_bytes = (int)(view->header->name_bytes < 100 ? view->header->name_bytes : 100);
  const char *function = view->strings + view->header->name;
  if (checker->instruction == INGOT_NONE)
    return ingot_fail(checker->report, INGOT_ERROR_INVALID, "function '%.*s': %s; compile the model again", function_bytes,
                      function, text);
  const ingot_instruction *instruction = &view->instructions[checker->instruction];
  const char *opcode = ingot_opcode_text(instruction->opcode);
  return ingot_fail(checker->report, INGOT_ERROR_INVALID,
                    "function '%.*s', instruction %u, %s '%.*s': %s; compile the model again", function_bytes, function,
                    checker->instruction, opcode == NULL ? "unknown opcode" : opcode,
                    (int)(instruction->name_bytes < 100 ? instruction->name_bytes : 100), view->strings + instruction->name, text);
}

bool ingot_is_string(const ingot_function_view *view, uint32_t start, uint32_t bytes) {
  const uint32_t end = view->header->string_bytes;
  return start < end && bytes < end - start && view->strings[start + bytes] == 0;
}

/* With at most INGOT_MAX_MEMORIES of at most INGOT_MAX_BYTES each, no sum of them overflows. */
static ingot_status check_memories(const ingot_checker *c) {
  const ingot_program *header = c->view->header;
  INGOT_REQUIRE(c, header->memory_count <= INGOT_MAX_MEMORIES, "there are %u memories, expected at most %u", header->memory_count,
                INGOT_MAX_MEMORIES);
  for (uint32_t i = 0; i < header->memory_count; i++) {
    const ingot_memory *memory = &c->view->memories[i];
    INGOT_REQUIRE(c, ingot_is_string(c->view, memory->name, memory->name_bytes),
                  "memory %u has a name outside the strings", i);
    INGOT_REQUIRE(c, memory->bytes <= INGOT_MAX_BYTES, "memory %u has %llu bytes, expected at most %llu", i,
                  (unsigned long long)memory->bytes, (unsigned long long)INGOT_MAX_BYTES);
  }
  return INGOT_OK;
}

static ingot_status check_buffers(const ingot_checker *c) {
  const ingot_program *header = c->view->header;
  for (uint32_t i = 0; i < header->buffer_count; i++) {
    const ingot_buffer *buffer = &c->view->buffers[i];
    INGOT_REQUIRE(c, buffer->kind >= INGOT_BUFFER_ARENA && buffer->kind <= INGOT_BUFFER_WEIGHT,
                  "buffer %u has the unknown kind %u", i, buffer->kind);
    INGOT_REQUIRE(c, buffer->reserved == 0, "buffer %u has %u in a reserved field", i, buffer->reserved);
    INGOT_REQUIRE(c, buffer->offset % INGOT_TENSOR_ALIGNMENT == 0, "buffer %u starts at %llu, no multiple of %u", i,
                  (unsigned long long)buffer->offset, INGOT_TENSOR_ALIGNMENT);
    if (buffer->kind == INGOT_BUFFER_WEIGHT) {
      INGOT_REQUIRE(c, buffer->index < c->bundle->weight_count, "buffer %u is weight %u of %u", i, buffer->index,
                    c->bundle->weight_count);
      INGOT_REQUIRE(c, buffer->memory == 0 && buffer->offset == 0 && buffer->bytes <= c->bundle->weights[buffer->index].bytes,
                    "buffer %u has %llu bytes at %llu of memory %u, its weight has %llu", i, (unsigned long long)buffer->bytes,
                    (unsigned long long)buffer->offset, buffer->memory,
                    (unsigned long long)c->bundle->weights[buffer->index].bytes);
      continue;
    }
    INGOT_REQUIRE(c, buffer->memory < header->memory_count, "buffer %u lies in memory %u of %u", i, buffer->memory,
                  header->memory_count);
    const uint64_t limit_bytes = c->view->memories[buffer->memory].bytes;
    INGOT_REQUIRE(c, buffer->offset <= limit_bytes && buffer->bytes <= limit_bytes - buffer->offset,
                  "buffer %u has %llu bytes at %llu in a memory of %llu", i, (unsigned long long)buffer->bytes,
                  (unsigned long long)buffer->offset, (unsigned long long)limit_bytes);
    const uint32_t limit = buffer->kind == INGOT_BUFFER_ARENA    ? 1
                           : buffer->kind == INGOT_BUFFER_INPUT  ? header->input_count
                                                                 : header->output_count;
    INGOT_REQUIRE(c, buffer->index < limit, "buffer %u has index %u, expected less than %u", i, buffer->index, limit);
  }
  return INGOT_OK;
}

/* Memory in a layout means the same to all that view it: weights are viewed as they are stored. */
static ingot_status check_layout(const ingot_checker *c, uint32_t index) {
  const ingot_tensor *tensor = &c->view->tensors[index];
  const ingot_buffer *buffer = &c->view->buffers[tensor->buffer];
  INGOT_REQUIRE(c, ingot_is_laid_out(c->bundle, tensor->layout, tensor->rank),
                "tensor %u has rank %u and layout %u, which is none of this rank", index, tensor->rank, tensor->layout);
  if (buffer->kind != INGOT_BUFFER_WEIGHT) {
    INGOT_REQUIRE(c, tensor->layout == 0 || buffer->kind == INGOT_BUFFER_ARENA, "tensor %u, an input or output, has a layout", index);
    return INGOT_OK;
  }
  const ingot_weight *weight = &c->bundle->weights[buffer->index];
  if (tensor->layout == 0 && weight->layout == 0) return INGOT_OK;
  INGOT_REQUIRE(c, tensor->layout == weight->layout && tensor->offset == 0 && tensor->element == weight->element &&
                       memcmp(tensor->dims, weight->dims, sizeof tensor->dims) == 0,
                "tensor %u is not all of its weight in the weight's layout %u", index, weight->layout);
  return INGOT_OK;
}

/* What a window is of. `bytes` becomes those of its image, whose shape is a tensor's. */
static ingot_status check_window(const ingot_checker *c, uint32_t index, uint64_t *bytes) {
  const ingot_program *header = c->view->header;
  const ingot_tensor *tensor = &c->view->tensors[index];
  if (tensor->image_rows == 0) {
    INGOT_REQUIRE(c, tensor->first_row == 0, "tensor %u is dense, but has a first row, %u", index, tensor->first_row);
    return INGOT_OK;
  }
  INGOT_REQUIRE(c, index >= header->input_count && index - header->input_count >= header->output_count,
                "tensor %u, an input or output, is a window", index);
  INGOT_REQUIRE(c, c->view->buffers[tensor->buffer].kind != INGOT_BUFFER_WEIGHT, "tensor %u, of a weight, is a window", index);
  INGOT_REQUIRE(c, tensor->rank >= 2 && tensor->layout == 0, "tensor %u has rank %u and layout %u, a window has 2 at least and 0",
                index, tensor->rank, tensor->layout);
  const int64_t rows = tensor->dims[tensor->rank - 2];
  INGOT_REQUIRE(c, rows <= tensor->image_rows && tensor->first_row < tensor->image_rows,
                "tensor %u is a window of %lld rows from %u on in an image of %u", index, (long long)rows, tensor->first_row,
                tensor->image_rows);
  int64_t dims[INGOT_MAX_RANK];
  memcpy(dims, tensor->dims, sizeof dims);
  dims[tensor->rank - 2] = tensor->image_rows;
  INGOT_REQUIRE(c, ingot_shape_bytes(dims, tensor->rank, tensor->element, bytes),
                "tensor %u is a window of an image of %u rows, which is out of range", index, tensor->image_rows);
  return INGOT_OK;
}

static ingot_status check_tensors(const ingot_checker *c) {
  const ingot_program *header = c->view->header;
  for (uint32_t i = 0; i < header->tensor_count; i++) {
    const ingot_tensor *tensor = &c->view->tensors[i];
    uint64_t bytes;
    INGOT_REQUIRE(c, ingot_is_string(c->view, tensor->name, tensor->name_bytes),
                  "tensor %u has a name outside the strings", i);
    INGOT_REQUIRE(c, ingot_shape_bytes(tensor->dims, tensor->rank, tensor->element, &bytes),
                  "tensor %u has element %u and rank %u, or extents out of range", i, tensor->element, tensor->rank);
    INGOT_REQUIRE(c, tensor->buffer < header->buffer_count, "tensor %u lies in buffer %u of %u", i, tensor->buffer,
                  header->buffer_count);
    ingot_status status = check_window(c, i, &bytes);
    if (status != INGOT_OK) return status;
    const uint64_t limit = c->view->buffers[tensor->buffer].bytes;
    INGOT_REQUIRE(c, tensor->offset <= limit && bytes <= limit - tensor->offset,
                  "tensor %u has %llu bytes at %llu in a buffer of %llu", i, (unsigned long long)bytes,
                  (unsigned long long)tensor->offset, (unsigned long long)limit);
    INGOT_REQUIRE(c, tensor->offset % ingot_element_bytes(tensor->element) == 0,
                  "tensor %u starts at %llu, no multiple of its element's size", i, (unsigned long long)tensor->offset);
    status = check_layout(c, i);
    if (status != INGOT_OK) return status;
  }
  return INGOT_OK;
}

/* Interface tensors are whole buffers, one each, and no other tensor on such a buffer is longer: the caller's memory
 * may be bound there, and is only as long as the interface says. */
static ingot_status check_interface(const ingot_checker *c) {
  const ingot_program *header = c->view->header;
  const uint64_t count = (uint64_t)header->input_count + header->output_count;
  INGOT_REQUIRE(c, count <= header->tensor_count, "there are %llu inputs and outputs, but %u tensors",
                (unsigned long long)count, header->tensor_count);
  uint64_t interface_buffers = 0;
  for (uint32_t i = 0; i < header->buffer_count; i++) {
    const uint32_t kind = c->view->buffers[i].kind;
    interface_buffers += kind == INGOT_BUFFER_INPUT || kind == INGOT_BUFFER_OUTPUT;
  }
  INGOT_REQUIRE(c, interface_buffers == count, "there are %llu input and output buffers, expected %llu",
                (unsigned long long)interface_buffers, (unsigned long long)count);
  for (uint32_t i = 0; i < count; i++) {
    const ingot_tensor *tensor = &c->view->tensors[i];
    const ingot_buffer *buffer = &c->view->buffers[tensor->buffer];
    const bool input = i < header->input_count;
    INGOT_REQUIRE(c, buffer->kind == (uint32_t)(input ? INGOT_BUFFER_INPUT : INGOT_BUFFER_OUTPUT) &&
                         buffer->index == (input ? i : i - header->input_count) && tensor->offset == 0,
                  "%s %u is not the start of its own buffer", input ? "input" : "output",
                  input ? i : i - header->input_count);
  }
  for (uint32_t i = 0; i < header->tensor_count; i++) {
    const ingot_tensor *tensor = &c->view->tensors[i];
    const ingot_buffer *buffer = &c->view->buffers[tensor->buffer];
    if (buffer->kind != INGOT_BUFFER_INPUT && buffer->kind != INGOT_BUFFER_OUTPUT) continue;
    const uint32_t owner = buffer->index + (buffer->kind == INGOT_BUFFER_OUTPUT ? header->input_count : 0);
    INGOT_REQUIRE(c, tensor->offset + ingot_tensor_span(tensor) <= ingot_tensor_bytes(&c->view->tensors[owner]),
                  "tensor %u is longer than the input or output whose memory it views", i);
  }
  return INGOT_OK;
}

static ingot_status check_instruction(const ingot_checker *c) {
  const ingot_program *header = c->view->header;
  const ingot_instruction *instruction = &c->view->instructions[c->instruction];
  if (!ingot_is_string(c->view, instruction->name, instruction->name_bytes)) {
    const ingot_checker whole = {c->report, c->bundle, c->view, INGOT_NONE, 0};
    return ingot_invalid(&whole, "instruction %u has a name outside the strings", c->instruction);
  }
  INGOT_REQUIRE(c, ingot_opcode_text(instruction->opcode) != NULL && instruction->reserved == 0, "the opcode is %u",
                instruction->opcode);
  const uint32_t operands = (uint32_t)instruction->result_count + instruction->input_count;
  INGOT_REQUIRE(c, operands <= INGOT_MAX_OPERANDS && instruction->first_operand <= header->operand_count &&
                       operands <= header->operand_count - instruction->first_operand,
                "its %u operands from %u do not fit the table of %u", operands, instruction->first_operand,
                header->operand_count);
  INGOT_REQUIRE(c, instruction->first_attribute <= header->attribute_count &&
                       instruction->attribute_count <= header->attribute_count - instruction->first_attribute,
                "its %u attributes from %u do not fit the table of %u", instruction->attribute_count,
                instruction->first_attribute, header->attribute_count);
  for (uint32_t i = 0; i < operands; i++) {
    const uint32_t tensor = c->view->operands[instruction->first_operand + i];
    if (tensor == INGOT_NONE && i >= instruction->result_count) continue;
    INGOT_REQUIRE(c, tensor < header->tensor_count, "operand %u is tensor %u of %u", i, tensor, header->tensor_count);
    const uint32_t kind = c->view->buffers[c->view->tensors[tensor].buffer].kind;
    INGOT_REQUIRE(c, i >= instruction->result_count || kind == INGOT_BUFFER_ARENA || kind == INGOT_BUFFER_OUTPUT,
                  "result %u would overwrite %s", i, kind == INGOT_BUFFER_WEIGHT ? "a weight" : "an input");
  }
  return INGOT_OK;
}

ingot_status ingot_check_function(ingot_bundle *bundle, uint32_t function, const ingot_report *report) {
  ingot_function_view *view = &bundle->functions[function];
  const ingot_program *header = view->header;
  if (!ingot_is_string(view, header->name, header->name_bytes))
    return ingot_fail(report, INGOT_ERROR_INVALID, "function %u has a name outside the strings; compile the model again", function);
  ingot_checker checker = {report, bundle, view, INGOT_NONE, 0};
  INGOT_REQUIRE(&checker, header->operand_count % 2 == 0 || view->operands[header->operand_count] == 0,
                "the padding after the operands is not zero");
  ingot_status status = check_memories(&checker);
  if (status == INGOT_OK) status = check_buffers(&checker);
  if (status == INGOT_OK) status = check_tensors(&checker);
  if (status == INGOT_OK) status = check_interface(&checker);
  if (status == INGOT_OK) status = ingot_check_sizes(&checker);
  ingot_nesting nesting = {.depth = 0};
  for (uint32_t i = 0; status == INGOT_OK && i < header->instruction_count; i++) {
    checker.instruction = i;
    status = check_instruction(&checker);
    if (status != INGOT_OK) break;
    checker.loop_count = nesting.depth == 0 ? 0 : nesting.loops[nesting.depth - 1].count;
    status = ingot_check_opcode(&checker);
    if (view->instructions[i].opcode == INGOT_OP_LOOP) {
      if (status == INGOT_OK) status = ingot_check_loop(&checker, &nesting);
      continue;
    }
    if (status == INGOT_OK) status = ingot_check_overlap(&checker);
    if (status == INGOT_OK) status = ingot_count_work(&checker, &nesting);
  }
  view->multiply_adds = nesting.multiply_adds;
  return status;
}
