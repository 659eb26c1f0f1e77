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

/* One weight in planes and one raw. */
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
  b->chunks[0].planes = 4;
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
  section.planes += change.planes, section.offset += change.offset;
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
    section_rule(file, bytes, i, "compression", (ingot_section){.compression = 2});
    section_rule(file, bytes, i, "number of planes", (ingot_section){.planes = 1});
    section_rule(file, bytes, i, "number of planes", (ingot_section){.planes = 0x80000000});
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

/* Sections of which every byte is changed in turn, with right digests: none does harm. */
static void bad_frames(const uint8_t *sound, uint64_t bytes) {
  uint8_t *file = malloc(bytes);
  memcpy(file, sound, bytes);
  ingot_file_header header;
  memcpy(&header, file, sizeof header);
  for (uint32_t s = 0; s < header.section_count; s++) {
    ingot_section section;
    memcpy(&section, file + sizeof header + s * sizeof section, sizeof section);
    if (section.compression == INGOT_RAW) continue;
    for (uint64_t i = 0; i < section.stored_bytes; i++) {
      for (int bit = 0; bit < 8; bit++) {
        file[section.offset + i] ^= (uint8_t)(1 << bit);
        refresh_digests(file, bytes);
        open_bytes(file, bytes);
        file[section.offset + i] ^= (uint8_t)(1 << bit);
      }
    }
  }
  free(file);
}

/* y = x + w for as many elements as more than one block has, which end inside one. */
static void planes(uint8_t element, uint32_t count, bool packs_tables) {
  const builder_type type = {element, 1, {40001}};
  const uint32_t width = (uint32_t)ingot_element_bytes(element);
  builder *b = builder_create();
  uint8_t *weight = malloc(type_bytes(type));
  uint64_t seed = 7;
  for (uint64_t i = 0; i < type_bytes(type); i++) weight[i] = (uint8_t)random_next(&seed);
  const uint32_t y = add_output(b, type, "y"), w = add_weight(b, type, weight, 0, true);
  add_instruction(b, INGOT_OP_COPY, &y, 1, &w, 1);
  b->chunks[0].planes = count;
  b->packs_tables = packs_tables;
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  char message[512] = "";
  ingot_bundle *bundle;
  ingot_session *session;
  check(ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message) == INGOT_OK, "%u planes: %s", count, message);
  check(ingot_session_create(bundle, NULL, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
  check(ingot_run(session) == INGOT_OK && memcmp(ingot_output_data(session, 0), weight, type_bytes(type)) == 0,
        "%u planes of %u-byte elements came back otherwise", count, width);
  size_t length;
  const char *manifest = ingot_manifest(bundle, &length);
  check(length == 2 && strcmp(manifest, "{}") == 0, "the manifest is '%s' of %llu", manifest, (unsigned long long)length);
  ingot_session_destroy(session);
  ingot_close(bundle);
  free(file);
  free(weight);
  builder_destroy(b);
}

/* Frames that are sound by themselves and do not fit what the section says. */
static void wrong_frames(uint32_t says_planes, uint64_t says_bytes, uint32_t extra, const char *expected) {
  builder *b = sample();
  b->chunks[0].planes = 0;
  uint64_t bytes;
  uint8_t *file = build(b, &bytes);
  ingot_section section;
  uint8_t *at = file + sizeof(ingot_file_header) + 3 * sizeof section;
  memcpy(&section, at, sizeof section);
  section.planes = says_planes;
  section.raw_bytes = says_bytes;
  section.stored_bytes += extra;
  memcpy(at, &section, sizeof section);
  refresh_digests(file, bytes);
  char message[512] = "";
  ingot_bundle *bundle;
  check(ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message) == INGOT_ERROR_INVALID && strstr(message, expected) != NULL,
        "%u planes of %llu bytes: '%s', expected '%s'", says_planes, (unsigned long long)says_bytes, message, expected);
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
  bad_frames(file, bytes);
  b->packs_tables = true;
  uint64_t packed_bytes;
  uint8_t *packed = build(b, &packed_bytes);
  check(open_bytes(packed, packed_bytes) == INGOT_OK, "the sample with packed tables can't be opened");
  every_byte(packed, packed_bytes);
  bad_frames(packed, packed_bytes);
  free(packed);

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
  planes(INGOT_F32, 4, false);
  planes(INGOT_F16, 2, true);
  planes(INGOT_I16, 0, true);
  wrong_frames(0, 164, 0, "weight chunk 0 has no zstd frame of 164 bytes at byte 0");
  wrong_frames(2, 160, 0, "weight chunk 0 has no zstd frame of 80 bytes at byte 0");
  wrong_frames(4, 400000, 0, "weight chunk 0 has no zstd frame of 16384 bytes at byte 0");
  wrong_frames(4, 162, 0, "has 162 bytes in 4 planes");
  wrong_frames(3, 160, 0, "has 160 bytes in 3 planes");
  wrong_frames(0, 160, 8, "weight chunk 0 has 8 bytes after its last zstd frame");
}
