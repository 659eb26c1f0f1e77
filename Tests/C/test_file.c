/* Damage to the file around the programs: every byte counts, and no chunk unpacks beyond bounds. */
#include "builder.h"
#include "check.h"
#include "ingot.h"

#include <stdlib.h>
#include <string.h>
#include <zstd.h>

static ingot_status open_bytes(const uint8_t *file, uint64_t bytes) {
  char message[512] = "";
  ingot_bundle *bundle;
  const ingot_status status = ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message);
  check((status == INGOT_OK) == (bundle != NULL) && (status == INGOT_OK) == (message[0] == 0),
        "status %d goes with message '%s'", status, message);
  ingot_close(bundle);
  return status;
}

static builder *sample(void) {
  builder *b = builder_create();
  const builder_type type = {INGOT_F32, 1, {40}};
  float data[40] = {1, 2, 3};
  const uint32_t x = add_input(b, type, "x"), y = add_output(b, type, "y");
  const uint32_t weights[2] = {add_weight(b, type, data, 0, true), add_weight(b, type, data, 0, false)};
  const uint32_t inputs[3] = {x, weights[0], weights[1]};
  add_instruction(b, INGOT_OP_ELEMENTWISE, &y, 1, inputs, 3);
  ATTRIBUTES(b, ingot_step, .function = INGOT_FN_ADD, .domain = INGOT_F32, .a = 0, .b = 1);
  ATTRIBUTES(b, ingot_step, .function = INGOT_FN_ADD, .domain = INGOT_F32, .a = 3, .b = 2);
  add_origins(b);
  return b;
}

static void every_byte(const uint8_t *file, uint64_t bytes) {
  uint8_t *copy = malloc(bytes);
  memcpy(copy, file, bytes);
  uint64_t accepted = 0;
  for (uint64_t i = 0; i < bytes; i++) {
    copy[i] ^= (uint8_t)(1u << i % 8);
    accepted += open_bytes(copy, bytes) == INGOT_OK;
    copy[i] = file[i];
  }
  check(accepted == 0, "%llu flipped bits went unnoticed", (unsigned long long)accepted);
  for (uint64_t i = 0; i < bytes; i += i < 2000 ? 1 : 97) accepted += open_bytes(copy, i) == INGOT_OK;
  check(accepted == 0, "a truncated file was accepted");
  free(copy);
}

/* Applies a change to section `index` and to nothing else, with digests made right. */
static void section_rule(const uint8_t *file, uint64_t bytes, uint32_t index, const char *what, ingot_section change) {
  uint8_t *copy = malloc(bytes);
  memcpy(copy, file, bytes);
  ingot_section section;
  uint8_t *at = copy + sizeof(ingot_file_header) + index * sizeof section;
  memcpy(&section, at, sizeof section);
  section.kind += change.kind, section.index += change.index, section.compression += change.compression;
  section.reserved += change.reserved, section.offset += change.offset;
  section.stored_bytes += change.stored_bytes, section.raw_bytes += change.raw_bytes;
  memcpy(at, &section, sizeof section);
  refresh_digests(copy, bytes);
  const ingot_status status = open_bytes(copy, bytes);
  check(status != INGOT_OK, "section %u with another %s was accepted", index, what);
  free(copy);
}

static void sections(const uint8_t *file, uint64_t bytes) {
  for (uint32_t i = 0; i < 6; i++) {
    section_rule(file, bytes, i, "kind", (ingot_section){.kind = 1});
    section_rule(file, bytes, i, "kind", (ingot_section){.kind = 99});
    section_rule(file, bytes, i, "index", (ingot_section){.index = 1});
    section_rule(file, bytes, i, "compression", (ingot_section){.compression = 1});
    section_rule(file, bytes, i, "reserved", (ingot_section){.reserved = 1});
    section_rule(file, bytes, i, "offset", (ingot_section){.offset = 8});
    section_rule(file, bytes, i, "offset", (ingot_section){.offset = (uint64_t)1 << 63});
    section_rule(file, bytes, i, "offset", (ingot_section){.offset = (uint64_t)-64});
    section_rule(file, bytes, i, "length", (ingot_section){.stored_bytes = (uint64_t)-1});
    section_rule(file, bytes, i, "length", (ingot_section){.stored_bytes = 1000000});
    section_rule(file, bytes, i, "unpacked length", (ingot_section){.raw_bytes = 1});
    section_rule(file, bytes, i, "unpacked length", (ingot_section){.raw_bytes = (uint64_t)1 << 40});
  }
}

#ifndef STUB_ZSTD
static size_t granted;
static void *grant(void *context, size_t bytes) {
  (void)context;
  granted += bytes;
  return granted > (size_t)300 << 20 ? NULL : aligned_alloc(64, (bytes + 63) / 64 * 64);
}
static void take_back(void *context, void *memory, size_t bytes) {
  (void)context;
  (void)bytes;
  free(memory);
}

/* Few bytes that unpack to many. */
static void bombs(void) {
  builder *b = sample();
  free(b->chunks[0].data);
  b->chunks[0].bytes = (uint64_t)400 << 20;
  b->chunks[0].data = calloc(1, b->chunks[0].bytes);
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  const ingot_allocator allocator = {NULL, grant, take_back};
  ingot_bundle *bundle;
  char message[512];
  granted = 0;
  check(ingot_open_memory(file, bytes, &allocator, &bundle, message, sizeof message) == INGOT_ERROR_INVALID,
        "a chunk of zeros unpacked to 400 MiB: %s", message);
  check(granted < 1 << 20, "%llu bytes were allocated for a bomb", (unsigned long long)granted);
  free(file);
  builder_destroy(b);
}
#endif

/* A chunk that is not what its section says, with right digests. */
static void bad_frames(void) {
  builder *b = sample();
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  ingot_section section;
  memcpy(&section, file + sizeof(ingot_file_header) + 3 * sizeof section, sizeof section);
  for (uint64_t i = 0; i < section.stored_bytes; i++) {
    for (int bit = 0; bit < 8; bit++) {
      file[section.offset + i] ^= (uint8_t)(1 << bit);
      refresh_digests(file, bytes);
      open_bytes(file, bytes);
      file[section.offset + i] ^= (uint8_t)(1 << bit);
    }
  }
  free(file);
  builder_destroy(b);
}

void test_file(void) {
  builder *b = sample();
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  check(open_bytes(file, bytes) == INGOT_OK, "the sample can't be opened");
  every_byte(file, bytes);
  sections(file, bytes);

  uint8_t *shifted = malloc(bytes + 3);
  memcpy(shifted + 3, file, bytes);
  check(open_bytes(shifted + 3, bytes) == INGOT_OK, "a bundle at an odd address can't be opened");
  free(shifted);

  ingot_file_header header;
  memcpy(&header, file, sizeof header);
  header.version = INGOT_FORMAT_VERSION + 1;
  memcpy(file, &header, sizeof header);
  refresh_digests(file, bytes);
  check(open_bytes(file, bytes) == INGOT_ERROR_VERSION, "another version was read");
  check(open_bytes((const uint8_t *)"PK\3\4", 4) == INGOT_ERROR_NOT_A_BUNDLE, "a zip file was read");
  ingot_bundle *bundle;
  char message[64];
  check(ingot_open_file("/nonexistent/net.ingot", NULL, &bundle, message, sizeof message) == INGOT_ERROR_IO, "a missing file was read");
  check(ingot_open_file("/", NULL, &bundle, message, sizeof message) == INGOT_ERROR_IO, "a directory was read");
  free(file);
  builder_destroy(b);
#ifndef STUB_ZSTD
  bombs();
#endif
  bad_frames();
}
