#include "builder.h"

#include <stdlib.h>
#include <string.h>
#ifndef INGOT_NO_ZSTD
#include <zstd.h>
#endif

static uint64_t round_up(uint64_t value, uint64_t alignment) { return (value + alignment - 1) / alignment * alignment; }

builder *builder_create(void) {
  builder *b = calloc(1, sizeof *b);
  b->functions = 1;
  b->manifest = "{}";
  memcpy(b->strings, "main", 4);
  b->program.string_bytes = 5;
  b->program.name_bytes = 4;
  /* It is called "". */
  b->memories[0].name = 4;
  b->program.memory_count = 1;
  return b;
}

void builder_destroy(builder *b) {
  for (uint32_t i = 0; i < b->chunk_count; i++) free(b->chunks[i].data);
  free(b);
}

int64_t type_count(builder_type type) {
  int64_t count = 1;
  for (uint32_t i = 0; i < type.rank; i++) count *= type.dims[i];
  return count;
}

uint64_t type_bytes(builder_type type) { return (uint64_t)type_count(type) * ingot_element_bytes(type.element); }

static void name_it(builder *b, const char *name, uint32_t *start, uint32_t *bytes) {
  *start = b->program.string_bytes;
  *bytes = (uint32_t)strlen(name);
  memcpy(b->strings + *start, name, *bytes);
  b->program.string_bytes += *bytes + 1;
}

static uint32_t add_tensor(builder *b, builder_type type, ingot_buffer buffer, uint64_t shift, const char *name) {
  b->buffers[b->program.buffer_count] = buffer;
  ingot_tensor *tensor = &b->tensors[b->program.tensor_count];
  *tensor = (ingot_tensor){.buffer = b->program.buffer_count++, .element = type.element, .rank = type.rank, .offset = shift};
  for (uint32_t i = 0; i < type.rank; i++) tensor->dims[i] = type.dims[i];
  name_it(b, name, &tensor->name, &tensor->name_bytes);
  return b->program.tensor_count++;
}

uint64_t extend_memory(builder *b, uint32_t memory, uint64_t bytes) {
  const uint64_t start = b->memories[memory].bytes;
  b->memories[memory].bytes = round_up(start + bytes, INGOT_TENSOR_ALIGNMENT);
  return start;
}

/* A new stretch of the first memory. */
static ingot_buffer in_arena(builder *b, uint32_t kind, uint32_t index, uint64_t bytes) {
  return (ingot_buffer){kind, index, 0, 0, extend_memory(b, 0, bytes), bytes};
}

uint32_t add_input(builder *b, builder_type type, const char *name) {
  return add_tensor(b, type, in_arena(b, INGOT_BUFFER_INPUT, b->program.input_count++, type_bytes(type)), 0, name);
}

uint32_t add_output(builder *b, builder_type type, const char *name) {
  return add_tensor(b, type, in_arena(b, INGOT_BUFFER_OUTPUT, b->program.output_count++, type_bytes(type)), 0, name);
}

uint32_t add_intermediate(builder *b, builder_type type, uint64_t shift) {
  return add_tensor(b, type, in_arena(b, INGOT_BUFFER_ARENA, 0, type_bytes(type) + shift), shift, "");
}

void add_output_size(builder *b, uint32_t output, uint32_t axis, uint32_t size_output) {
  const uint32_t inputs = b->program.input_count;
  b->sizes[b->program.size_count++] = (ingot_output_size){output - inputs, axis, size_output - inputs, 0};
}

uint32_t add_weight(builder *b, builder_type type, const void *data, uint64_t shift, bool packed) {
  const uint64_t element = ingot_element_bytes(type.element), bytes = type_bytes(type) + shift;
  uint8_t *chunk = calloc(1, bytes + 1);
  if (bytes > shift) memcpy(chunk + shift, data, bytes - shift);
  b->chunks[b->chunk_count].data = chunk;
  b->chunks[b->chunk_count].bytes = bytes;
  b->chunks[b->chunk_count].packed = packed;
  b->weights[b->weight_count] = (ingot_weight){.chunk = b->chunk_count++, .element = type.element, .rank = 1, .bytes = bytes,
                                               .dims = {(int64_t)(bytes / element)}};
  const ingot_buffer buffer = {INGOT_BUFFER_WEIGHT, b->weight_count++, 0, 0, 0, bytes};
  return add_tensor(b, type, buffer, shift, "");
}

void set_layout(builder *b, uint32_t index, const uint8_t *order, uint8_t block_axis, uint16_t extent) {
  ingot_tensor *tensor = &b->tensors[index];
  ingot_layout *layout = &b->layouts[b->layout_count++];
  *layout = (ingot_layout){.rank = tensor->rank, .block_axis = block_axis, .block_extent = extent};
  memcpy(layout->order, order, tensor->rank);
  tensor->layout = (uint16_t)b->layout_count;
  const ingot_buffer *buffer = &b->buffers[tensor->buffer];
  if (buffer->kind != INGOT_BUFFER_WEIGHT) return;
  ingot_weight *weight = &b->weights[buffer->index];
  weight->rank = tensor->rank;
  weight->layout = tensor->layout;
  memcpy(weight->dims, tensor->dims, sizeof weight->dims);
}

uint32_t add_instruction(builder *b, uint32_t opcode, const uint32_t *results, uint32_t result_count, const uint32_t *inputs,
                         uint32_t input_count) {
  ingot_instruction *instruction = &b->instructions[b->program.instruction_count];
  *instruction = (ingot_instruction){.opcode = opcode, .first_operand = b->program.operand_count,
                                     .result_count = (uint16_t)result_count, .input_count = (uint16_t)input_count,
                                     .first_attribute = b->program.attribute_count};
  name_it(b, "node", &instruction->name, &instruction->name_bytes);
  for (uint32_t i = 0; i < result_count; i++) b->operands[b->program.operand_count++] = results[i];
  for (uint32_t i = 0; i < input_count; i++) b->operands[b->program.operand_count++] = inputs[i];
  return b->program.instruction_count++;
}

void add_origins(builder *b) {
  b->origins_sections = b->functions;
  b->origins = (ingot_origins){b->program.instruction_count, 2};
  b->calls[0] = (ingot_origin_call){INGOT_NONE, 0, b->program.name, b->program.name_bytes};
  b->calls[1] = (ingot_origin_call){0, 0, b->program.name, b->program.name_bytes};
  for (uint32_t i = 0; i < b->program.instruction_count; i++) {
    b->origin[i] = (ingot_origin){INGOT_NONE, INGOT_NONE, 0};
    if (b->instructions[i].result_count == 0) continue;
    const ingot_tensor *tensor = &b->tensors[b->operands[b->instructions[i].first_operand]];
    b->origin[i] = (ingot_origin){1, tensor->name, tensor->name_bytes};
  }
}

void add_attributes(builder *b, const void *structs, size_t bytes) {
  const uint32_t words = (uint32_t)(bytes / sizeof *b->attributes);
  memcpy(b->attributes + b->program.attribute_count, structs, bytes);
  b->program.attribute_count += words;
  b->instructions[b->program.instruction_count - 1].attribute_count += words;
}

typedef struct {
  uint8_t *data;
  uint64_t bytes;
} stream;

static void append(stream *s, const void *data, uint64_t bytes) {
  s->data = realloc(s->data, s->bytes + bytes + 1);
  if (bytes != 0) memcpy(s->data + s->bytes, data, bytes);
  s->bytes += bytes;
}

/* A frame; without zstd some bytes, which nobody can unpack. */
static void append_packed(stream *s, const uint8_t *data, uint64_t bytes) {
#ifdef INGOT_NO_ZSTD
  append(s, data, bytes);
#else
  const size_t bound = ZSTD_compressBound(bytes);
  uint8_t *packed = malloc(bound);
  append(s, packed, ZSTD_compress(packed, bound, data, bytes, 3));
  free(packed);
#endif
}

/* A frame for each byte of the elements of each block. */
static void append_planes(stream *s, const uint8_t *data, uint64_t bytes, uint32_t planes) {
  uint8_t plane[INGOT_PLANE_BYTES];
  uint64_t start = 0;
  do {
    const uint64_t rest = bytes / planes - start, count = rest < INGOT_PLANE_BYTES ? rest : INGOT_PLANE_BYTES;
    for (uint32_t p = 0; p < planes; p++) {
      for (uint64_t i = 0; i < count; i++) plane[i] = data[(start + i) * planes + p];
      append_packed(s, plane, count);
    }
    start += count;
  } while (start < bytes / planes);
}

static stream program_section(const builder *b) {
  stream s = {0};
  const ingot_program *p = &b->program;
  const uint32_t zero = 0;
  append(&s, p, sizeof *p);
  append(&s, b->memories, p->memory_count * sizeof(ingot_memory));
  append(&s, b->buffers, p->buffer_count * sizeof(ingot_buffer));
  append(&s, b->tensors, p->tensor_count * sizeof(ingot_tensor));
  append(&s, b->sizes, p->size_count * sizeof(ingot_output_size));
  append(&s, b->instructions, p->instruction_count * sizeof(ingot_instruction));
  append(&s, b->operands, p->operand_count * sizeof(uint32_t));
  append(&s, &zero, p->operand_count % 2 * sizeof zero);
  append(&s, b->attributes, p->attribute_count * sizeof(uint64_t));
  append(&s, b->strings, p->string_bytes);
  return s;
}

static stream origins_section(const builder *b) {
  stream s = {0};
  append(&s, &b->origins, sizeof b->origins);
  append(&s, b->calls, b->origins.call_count * sizeof(ingot_origin_call));
  append(&s, b->origin, b->origins.instruction_count * sizeof(ingot_origin));
  return s;
}

uint8_t *build(const builder *b, uint64_t *bytes) {
  const uint32_t count = 2 + b->functions + b->chunk_count + b->origins_sections;
  ingot_section *sections = calloc(count, sizeof *sections);
  stream *contents = calloc(count, sizeof *contents);
  uint32_t at = 0;
  sections[at].kind = INGOT_SECTION_MANIFEST;
  append(&contents[at++], b->manifest, strlen(b->manifest));
  for (uint32_t i = 0; i < b->functions; i++, at++) {
    sections[at].kind = INGOT_SECTION_PROGRAM;
    sections[at].index = i;
    contents[at] = program_section(b);
  }
  sections[at].kind = INGOT_SECTION_WEIGHT_TABLE;
  /* All weights have the empty name. */
  const ingot_weight_table table = {b->weight_count, 1, b->layout_count, 0};
  append(&contents[at], &table, sizeof table);
  append(&contents[at], b->layouts, b->layout_count * sizeof(ingot_layout));
  append(&contents[at], b->weights, b->weight_count * sizeof(ingot_weight));
  append(&contents[at++], "", 1);
  for (uint32_t i = 0; i < b->chunk_count; i++, at++) {
    sections[at].kind = INGOT_SECTION_WEIGHT_CHUNK;
    sections[at].index = i;
    sections[at].raw_bytes = b->chunks[i].bytes;
    if (!b->chunks[i].packed) {
      append(&contents[at], b->chunks[i].data, b->chunks[i].bytes);
      continue;
    }
    sections[at].compression = INGOT_ZSTD;
    sections[at].planes = b->chunks[i].planes;
    if (b->chunks[i].planes == 0) append_packed(&contents[at], b->chunks[i].data, b->chunks[i].bytes);
    else append_planes(&contents[at], b->chunks[i].data, b->chunks[i].bytes, b->chunks[i].planes);
  }
  for (uint32_t i = 0; i < b->origins_sections; i++, at++) {
    sections[at].kind = INGOT_SECTION_ORIGINS;
    sections[at].index = i;
    contents[at] = origins_section(b);
  }
  for (uint32_t i = 0; i < count; i++) {
    if (sections[i].kind == INGOT_SECTION_WEIGHT_CHUNK) continue;
    sections[i].raw_bytes = contents[i].bytes;
    if (!b->packs_tables) continue;
    stream packed = {0};
    append_packed(&packed, contents[i].data, contents[i].bytes);
    free(contents[i].data);
    contents[i] = packed;
    sections[i].compression = INGOT_ZSTD;
  }
  uint64_t end = sizeof(ingot_file_header) + count * sizeof(ingot_section);
  for (uint32_t i = 0; i < count; i++) {
    const bool mapped = sections[i].kind == INGOT_SECTION_WEIGHT_CHUNK && sections[i].compression == INGOT_RAW;
    sections[i].offset = round_up(end, mapped ? INGOT_MAPPED_ALIGNMENT : INGOT_SECTION_ALIGNMENT);
    sections[i].stored_bytes = contents[i].bytes;
    end = sections[i].offset + contents[i].bytes;
  }
  uint8_t *file = aligned_alloc(64, round_up(end, 64));
  memset(file, 0, round_up(end, 64));
  ingot_file_header header = {.version = INGOT_FORMAT_VERSION, .section_count = count, .file_bytes = end,
                              .section_table = sizeof header};
  memcpy(header.magic, INGOT_MAGIC, INGOT_MAGIC_BYTES);
  memcpy(file, &header, sizeof header);
  memcpy(file + sizeof header, sections, count * sizeof *sections);
  for (uint32_t i = 0; i < count; i++) {
    memcpy(file + sections[i].offset, contents[i].data, contents[i].bytes);
    free(contents[i].data);
  }
  free(contents);
  free(sections);
  refresh_digests(file, end);
  *bytes = end;
  return file;
}

void refresh_digests(uint8_t *file, uint64_t bytes) {
  ingot_file_header header;
  if (bytes < sizeof header) return;
  memcpy(&header, file, sizeof header);
  uint64_t count = header.section_count;
  if (count > (bytes - sizeof header) / sizeof(ingot_section)) count = (bytes - sizeof header) / sizeof(ingot_section);
  ingot_sha256 hash;
  for (uint64_t i = 0; i < count; i++) {
    ingot_section section;
    uint8_t *at = file + sizeof header + i * sizeof section;
    memcpy(&section, at, sizeof section);
    if (section.offset > bytes || section.stored_bytes > bytes - section.offset) continue;
    ingot_sha256_begin(&hash);
    ingot_sha256_add(&hash, file + section.offset, section.stored_bytes);
    ingot_sha256_end(&hash, section.digest);
    memcpy(at, &section, sizeof section);
  }
  memset(header.digest, 0, sizeof header.digest);
  ingot_sha256_begin(&hash);
  ingot_sha256_add(&hash, &header, sizeof header);
  ingot_sha256_add(&hash, file + sizeof header, count * sizeof(ingot_section));
  ingot_sha256_end(&hash, header.digest);
  memcpy(file, &header, sizeof header);
}
