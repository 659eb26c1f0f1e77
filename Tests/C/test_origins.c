/* The origins of instructions: left out or there for every function, checked, and gone from memory once they are. */
#include "rules.h"

#include <stdlib.h>

/* Breaks one thing of a sound bundle with origins. */
#define ORIGINS_RULE(text, ...) RULE(INGOT_OP_MATMUL, text, add_origins(b); __VA_ARGS__)

static void rules(void) {
  ORIGINS_RULE("expected none, or those of all 1", b->origins_sections = 2);
  ORIGINS_RULE("expected none, or those of all 2", b->functions = 2);
  ORIGINS_RULE("it has origins of 0 instructions, and 1", b->origins.instruction_count = 0);
  ORIGINS_RULE("it has origins of 2 instructions, and 1", b->origins.instruction_count = 2);
  ORIGINS_RULE("lies in call 0, no earlier one", b->calls[0].caller = 0);
  ORIGINS_RULE("lies in call 9, no earlier one", b->calls[1].caller = 9);
  ORIGINS_RULE("runs function 1 of 1", b->calls[1].function = 1);
  ORIGINS_RULE("call 1 of the origins has a name outside the strings", b->calls[1].name = 1 << 20);
  ORIGINS_RULE("call 0 of the origins has a name outside the strings", b->calls[0].name_bytes--);
  ORIGINS_RULE("origin 0 has a name outside the strings", b->origin[0].name_bytes = 0xFFFFFFFF);
  ORIGINS_RULE("origin 0 has a name outside the strings", b->origin[0].name = b->program.string_bytes);
  ORIGINS_RULE("origin 0 lies in call 2 of 2", b->origin[0].call = 2);
  ORIGINS_RULE("origin 0 is none and not empty", b->origin[0].name = INGOT_NONE);
  ORIGINS_RULE("origin 0 is none and not empty", b->origin[0] = (ingot_origin){0, INGOT_NONE, 0});
  ACCEPTED(INGOT_OP_MATMUL, add_origins(b); b->origin[0].call = INGOT_NONE);
  ACCEPTED(INGOT_OP_MATMUL, add_origins(b); b->origin[0] = (ingot_origin){INGOT_NONE, INGOT_NONE, 0});
  ACCEPTED(INGOT_OP_MATMUL, b->functions = 3; add_origins(b));
}

/* Counts that do not fit the section, with right digests. */
static void lengths(void) {
  builder *b = sample_program(INGOT_OP_MATMUL);
  add_origins(b);
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  ingot_file_header header;
  memcpy(&header, file, sizeof header);
  ingot_section section;
  uint8_t *at = file + sizeof header + (header.section_count - 1) * sizeof section;
  memcpy(&section, at, sizeof section);
  const uint32_t counts[] = {0, 2, 3, 0x10000000, 0xFFFFFFFF};
  for (uint32_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    const ingot_origins origins = {1, counts[i]};
    memcpy(file + section.offset, &origins, sizeof origins);
    refresh_digests(file, bytes);
    ingot_bundle *bundle;
    char message[512] = "";
    const ingot_status status = ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message);
    check(counts[i] == 2 ? status == INGOT_OK : status == INGOT_ERROR_INVALID && strstr(message, "their counts ask for") != NULL,
          "origins with %u calls: status %d, '%s'", counts[i], status, message);
    ingot_close(bundle);
  }
  free(file);
  builder_destroy(b);
}

static size_t held;
static void *hold(void *context, size_t bytes) {
  (void)context;
  held += bytes;
  return malloc(bytes);
}
static void let_go(void *context, void *memory, size_t bytes) {
  (void)context;
  held -= bytes;
  free(memory);
}

/* What a bundle holds while it is open. */
static size_t held_open(builder *b) {
  const ingot_allocator allocator = {NULL, hold, let_go};
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  ingot_bundle *bundle;
  char message[512];
  held = 0;
  check(ingot_open_memory(file, bytes, &allocator, &bundle, message, sizeof message) == INGOT_OK, "%s", message);
  const size_t result = held;
  ingot_close(bundle);
  check(held == 0, "%zu bytes leaked", held);
  free(file);
  builder_destroy(b);
  return result;
}

static void memory(void) {
  builder *with = sample_program(INGOT_OP_MATMUL);
  add_origins(with);
  const size_t more = held_open(with) - held_open(sample_program(INGOT_OP_MATMUL));
  check(more < 256, "origins keep %zu bytes of memory", more);
}

void test_origins(void) {
  rules();
  lengths();
  memory();
}
