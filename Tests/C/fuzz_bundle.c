/* Mutates bundles and opens them; those that still open are run. Under the sanitizers any crash is a finding.
 *   fuzz_bundle [--seconds N] [--mutations N] [--seed N] [seed.ingot ...]
 * Without seed files it builds one program for each opcode. Half of the mutants get right digests, so that the checks
 * behind the digests see them. */
#define _POSIX_C_SOURCE 200809L
#include "builder.h"
#include "check.h"
#include "ingot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define MEMORY_LIMIT ((size_t)256 << 20)
#define WORK_LIMIT 2e8

static size_t in_use, most_in_use;
static void *limited(void *context, size_t bytes) {
  (void)context;
  if (bytes > MEMORY_LIMIT - in_use) return NULL;
  void *memory;
  if (posix_memalign(&memory, 64, bytes) != 0) return NULL;
  in_use += bytes;
  if (in_use > most_in_use) most_in_use = in_use;
  return memory;
}
static void released(void *context, void *memory, size_t bytes) {
  (void)context;
  in_use -= bytes;
  free(memory);
}
static const ingot_allocator allocator = {NULL, limited, released};

typedef struct {
  uint8_t *data;
  uint64_t bytes;
} seed_file;

/* Stops a run after a number of questions. */
static int stop_when_spent(void *context) {
  uint64_t *left = context;
  return (*left)-- == 0;
}

#define BOUND 8
/* Inputs and outputs get memory of exactly their length, so that one byte beyond is seen. */
static void bind_exactly(const ingot_bundle *bundle, ingot_session *session, uint32_t function, void **bound) {
  const uint32_t inputs = ingot_input_count(bundle, function), outputs = ingot_output_count(bundle, function);
  for (uint32_t i = 0; i < inputs + outputs; i++) {
    const ingot_tensor_info *info = i < inputs ? ingot_input(bundle, function, i) : ingot_output(bundle, function, i - inputs);
    void *memory = NULL;
    if (i < BOUND && info->bytes < MEMORY_LIMIT && posix_memalign(&memory, 64, info->bytes + (info->bytes == 0)) == 0) bound[i] = memory;
    if (i < inputs) {
      if (memory != NULL) ingot_bind_input(session, i, memory, info->bytes);
      memset(ingot_input_data(session, i), 1, info->bytes);
    } else if (memory != NULL) {
      ingot_bind_output(session, i - inputs, memory, info->bytes);
    }
  }
}

/* Whatever the mutant's data says, no extent leaves its bound. */
static void check_extents(const ingot_bundle *bundle, ingot_session *session, uint32_t function) {
  for (uint32_t i = 0; i < ingot_output_count(bundle, function); i++) {
    const ingot_tensor_info *info = ingot_output(bundle, function, i);
    int64_t dims[8];
    bool inside = ingot_output_dims(session, i, dims) == INGOT_OK;
    for (uint32_t d = 0; d < 8; d++) inside = inside && dims[d] >= 0 && dims[d] <= info->dims[d];
    if (!inside) {
      fprintf(stderr, "output %u has extents outside its bounds\n", i);
      abort();
    }
  }
}

/* Opens, and runs if that is little work. Returns whether it opened. */
static bool try_mutant(uint8_t *file, uint64_t bytes, uint64_t *runs) {
  char message[512];
  ingot_bundle *bundle;
  /* Exactly as long as the file, so that one byte beyond is seen. */
  uint8_t *exact = malloc(bytes + (bytes == 0));
  memcpy(exact, file, bytes);
  const uint32_t flags = bytes % 2 == 0 ? 0 : INGOT_OPEN_COPY;
  const bool opened = ingot_open_memory_with(exact, bytes, flags, &allocator, &bundle, message, sizeof message) == INGOT_OK;
  if (opened && work_bound(bundle) < WORK_LIMIT) {
    for (uint32_t f = 0; f < ingot_function_count(bundle) && f < 4; f++) {
      const ingot_session_options options = {.function = f, .threads = 1 + f % 2};
      ingot_session *session;
      if (ingot_session_create(bundle, &options, &allocator, &session, message, sizeof message) != INGOT_OK) continue;
      void *bound[BOUND] = {NULL};
      bind_exactly(bundle, session, f, bound);
      check_extents(bundle, session, f);
      /* Stopped somewhere, and then once more to the end. */
      uint64_t left = *runs % 7;
      ingot_set_stop_hook(session, stop_when_spent, &left);
      ingot_run(session);
      check_extents(bundle, session, f);
      ingot_set_stop_hook(session, NULL, NULL);
      ingot_run(session);
      check_extents(bundle, session, f);
      (*runs)++;
      ingot_session_destroy(session);
      for (int i = 0; i < BOUND; i++) free(bound[i]);
    }
  }
  ingot_close(bundle);
  free(exact);
  if (in_use != 0) {
    fprintf(stderr, "%zu bytes leaked\n", in_use);
    abort();
  }
  return opened;
}

/* Values that rules are about. */
static uint64_t interesting(uint64_t *seed) {
  static const uint64_t values[] = {0, 1, 2, 3, 7, 8, 63, 64, 255, 256, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff,
                                    0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0x100000000};
  const uint64_t value = values[random_below(seed, sizeof values / sizeof *values)];
  return random_below(seed, 2) == 0 ? value : value + (uint64_t)random_below(seed, 5) - 2;
}

/* Where a change counts: anywhere, or within the small sections. */
static uint64_t place(const uint8_t *file, uint64_t bytes, uint64_t *seed) {
  ingot_file_header header;
  memcpy(&header, file, sizeof header);
  if (random_below(seed, 4) == 0) return (uint64_t)random_below(seed, (int64_t)bytes);
  if (random_below(seed, 6) == 0) return (uint64_t)random_below(seed, (int64_t)(sizeof header + header.section_count * sizeof(ingot_section)));
  ingot_section section;
  memcpy(&section, file + sizeof header + (uint64_t)random_below(seed, header.section_count) * sizeof section, sizeof section);
  if (section.stored_bytes == 0) return 0;
  return section.offset + (uint64_t)random_below(seed, (int64_t)section.stored_bytes);
}

static void mutate(uint8_t *file, uint64_t *bytes, uint64_t *seed) {
  const uint64_t original = *bytes;
  uint64_t positions[8];
  const int changes = 1 + (int)random_below(seed, random_below(seed, 3) == 0 ? 8 : 2);
  for (int c = 0; c < changes; c++) positions[c] = place(file, original, seed);
  for (int c = 0; c < changes; c++) {
    const uint64_t at = positions[c] % original;
    const uint64_t width = (uint64_t)1 << random_below(seed, 4), aligned = at / width * width;
    const uint64_t value = interesting(seed);
    switch (random_below(seed, 6)) {
      case 0: file[at] ^= (uint8_t)(1 << random_below(seed, 8)); break;
      case 1: file[at] = (uint8_t)random_next(seed); break;
      case 2: file[at] = (uint8_t)(file[at] + random_below(seed, 9) - 4); break;
      case 3: {
        const uint64_t from = (uint64_t)random_below(seed, (int64_t)original), length = (uint64_t)random_below(seed, 96);
        if (from + length <= original && at + length <= original) memmove(file + at, file + from, length);
        break;
      }
      default:
        if (aligned + width <= original) memcpy(file + aligned, &value, width);
    }
  }
  if (random_below(seed, 50) == 0) *bytes = (uint64_t)random_below(seed, (int64_t)original);
}

static seed_file read_seed(const char *path) {
  seed_file s = {NULL, 0};
  FILE *file = fopen(path, "rb");
  if (file == NULL) return s;
  fseek(file, 0, SEEK_END);
  s.bytes = (uint64_t)ftell(file);
  rewind(file);
  s.data = malloc(s.bytes + 1);
  if (fread(s.data, 1, s.bytes, file) != s.bytes || s.bytes < sizeof(ingot_file_header)) s.bytes = 0;
  fclose(file);
  return s;
}

/* Of an opcode, on windows or not, or for weights in few bits 0 by scale, UINT32_MAX by palette. */
static seed_file seed_bundle(uint32_t opcode, bool windows) {
  seed_file s;
  builder *b = opcode == 0 ? sample_stored() : opcode == UINT32_MAX ? sample_palettes() : windows ? sample_windows(opcode) : sample_program(opcode);
  if (b == NULL) return (seed_file){NULL, 0};
  /* Packed weights are small and keep most mutations on what matters. */
  for (uint32_t i = 0; i < b->chunk_count; i++) {
    const uint64_t element = ingot_element_bytes(b->weights[i].element);
    b->chunks[i].packed = true;
    if (opcode % 4 < 2 && (element == 2 || element == 4) && b->chunks[i].bytes % element == 0) b->chunks[i].planes = (uint32_t)element;
  }
  if (opcode % 2 == 0) add_origins(b);
  /* What is packed hides from most mutations what it holds. */
  b->packs_tables = opcode % 16 == 3;
  s.data = build(b, &s.bytes);
  builder_destroy(b);
  return s;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(int count, char **words) {
  double seconds = 10;
  uint64_t limit = UINT64_MAX, seed = 1, opened = 0, runs = 0, mutants = 0;
  seed_file seeds[256];
  int seed_count = 0;
  for (int i = 1; i < count; i++) {
    if (i + 1 < count && strcmp(words[i], "--seconds") == 0) seconds = atof(words[++i]);
    else if (i + 1 < count && strcmp(words[i], "--mutations") == 0) limit = strtoull(words[++i], NULL, 10), seconds = 1e9;
    else if (i + 1 < count && strcmp(words[i], "--seed") == 0) seed = strtoull(words[++i], NULL, 10);
    else if (seed_count < 256) {
      seeds[seed_count] = read_seed(words[i]);
      if (seeds[seed_count].bytes == 0) return fprintf(stderr, "%s: can't be read as a bundle\n", words[i]), 2;
      seed_count++;
    }
  }
  if (seed_count == 0) {
    seeds[seed_count++] = seed_bundle(0, false);
    seeds[seed_count++] = seed_bundle(UINT32_MAX, false);
    for (uint32_t o = 0; o < 2 * sample_opcode_count; o++) {
      const bool windows = o >= sample_opcode_count;
      seeds[seed_count] = seed_bundle(sample_opcodes[o % sample_opcode_count], windows);
      if (seeds[seed_count].data == NULL) continue;
      uint64_t ran = 0;
      /* Few opcodes take windows. */
      if (!windows || try_mutant(seeds[seed_count].data, seeds[seed_count].bytes, &ran)) seed_count++;
      else free(seeds[seed_count].data);
    }
  }
  for (const double start = now(); mutants < limit && now() - start < seconds; mutants++) {
    const seed_file *s = &seeds[mutants % (uint64_t)seed_count];
    uint8_t *copy = malloc(s->bytes + 64);
    memcpy(copy, s->data, s->bytes);
    uint64_t bytes = s->bytes;
    mutate(copy, &bytes, &seed);
    if (mutants % 8 != 0) refresh_digests(copy, bytes);
    opened += try_mutant(copy, bytes, &runs);
    free(copy);
  }
  for (int i = 0; i < seed_count; i++) free(seeds[i].data);
  printf("%llu mutants of %d bundles: %llu opened, %llu runs, at most %zu bytes allocated\n", (unsigned long long)mutants,
         seed_count, (unsigned long long)opened, (unsigned long long)runs, most_in_use);
  return 0;
}
