/* Sessions: bound memory, the caller's memory, names, hooks, errors of a run, allocations. */
#define _GNU_SOURCE
#include "builder.h"
#include "check.h"
#include "ingot.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Every allocation of the process is counted, whoever makes it, where the C library lets us. */
static atomic_long allocations;
long allocation_count(void) { return allocations; }
#ifdef COUNT_ALLOCATIONS
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);
void *malloc(size_t bytes) {
  allocations++;
  return __libc_malloc(bytes);
}
void *calloc(size_t count, size_t bytes) {
  allocations++;
  return __libc_calloc(count, bytes);
}
void *realloc(void *memory, size_t bytes) {
  allocations++;
  return __libc_realloc(memory, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes) {
  allocations++;
  return __libc_memalign(alignment, bytes);
}
#endif

/* y = conv(x) through GELU, z = gather(table, indices). */
static uint8_t *sample(uint64_t *bytes) {
  builder *b = builder_create();
  const builder_type x = {INGOT_F32, 4, {1, 8, 30, 30}}, w = {INGOT_F32, 4, {64, 8, 3, 3}}, y = {INGOT_F32, 4, {1, 64, 28, 28}};
  const builder_type indices = {INGOT_I64, 1, {3}}, z = {INGOT_F32, 2, {3, 4}}, table = {INGOT_F32, 2, {5, 4}};
  float *weight = calloc(64 * 72, sizeof(float)), rows[20];
  for (int i = 0; i < 64 * 72; i++) weight[i] = (float)(i * 37 % 101) / 101 - 0.5f;
  for (int i = 0; i < 20; i++) rows[i] = (float)i;
  const uint32_t in = add_input(b, x, "x"), at = add_input(b, indices, "indices");
  const uint32_t out = add_output(b, y, "y"), rows_out = add_output(b, z, "z");
  const uint32_t conv[2] = {in, add_weight(b, w, weight, 0, true)}, gather[2] = {add_weight(b, table, rows, 0, false), at};
  const uint32_t middle = add_intermediate(b, y, 0);
  add_instruction(b, INGOT_OP_CONV, &middle, 1, conv, 2);
  ATTRIBUTES(b, ingot_conv_attributes, .group = 1, .activation = {.function = INGOT_FN_GELU});
  for (int s = 0; s < 2; s++) ATTRIBUTES(b, ingot_window, .stride = 1, .dilation = 1);
  add_instruction(b, INGOT_OP_SOFTMAX, &out, 1, &middle, 1);
  ATTRIBUTES(b, ingot_softmax_attributes, .axis = 1);
  add_instruction(b, INGOT_OP_GATHER, &rows_out, 1, gather, 2);
  ATTRIBUTES(b, ingot_gather_attributes, .axis = 0);
  free(weight);
  uint8_t *file = build(b, bytes);
  builder_destroy(b);
  return file;
}

typedef struct {
  ingot_session *session;
  uint32_t events;
  const void *results[3];
} record;

static void note(void *context, const ingot_op_event *event) {
  record *r = context;
  ingot_tensor_info info;
  r->results[event->instruction % 3] = ingot_result_data(r->session, event->instruction, 0, &info);
  check(event->name_bytes == 4 && memcmp(event->name, "node", 4) == 0 && info.rank >= 2, "an event of instruction %u", event->instruction);
  r->events++;
}

static void fill(ingot_session *session) {
  float *x = ingot_input_data(session, 0);
  int64_t *indices = ingot_input_data(session, 1);
  for (int i = 0; i < 7200; i++) x[i] = (float)(i % 13) / 13;
  indices[0] = 4, indices[1] = -1, indices[2] = 0;
}

static void run_and_bind(const ingot_bundle *bundle) {
  char message[256];
  ingot_session *session;
  check(ingot_session_create(bundle, NULL, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
  fill(session);
  check(ingot_run(session) == INGOT_OK, "%s", ingot_session_message(session));
  const float *z = ingot_output_data(session, 1);
  check(z[0] == 16 && z[4] == 16 && z[8] == 0 && z[11] == 3, "gathered rows are %g %g %g %g", z[0], z[4], z[8], z[11]);
  const size_t size = ingot_output(bundle, 0, 0)->bytes;
  float *expected = malloc(size);
  memcpy(expected, ingot_output_data(session, 0), size);

  record r = {.session = session};
  ingot_set_op_hook(session, note, &r);
  fill(session);
  ingot_run(session);
  check(r.events == 3 && r.results[1] == ingot_output_data(session, 0), "%u events", r.events);
  ingot_set_op_hook(session, NULL, NULL);
  check(ingot_result_data(session, 3, 0, NULL) == NULL && ingot_result_data(session, 0, 1, NULL) == NULL, "results out of range");

  float *x = aligned_alloc(64, 28800), *y = aligned_alloc(64, (size + 63) / 64 * 64);
  for (int i = 0; i < 7200; i++) x[i] = (float)(i % 13) / 13;
  check(ingot_bind_input(session, 0, x, 28800) == INGOT_OK && ingot_bind_output(session, 0, y, size) == INGOT_OK, "binding");
  check(ingot_input_data(session, 0) == x && ingot_output_data(session, 0) == y, "bound places");
  check(ingot_run(session) == INGOT_OK && memcmp(y, expected, size) == 0, "bound memory gives another result");
  check(ingot_bind_input(session, 0, x, 28799) == INGOT_ERROR_ARGUMENT, "too small an input was bound");
  check(ingot_bind_input(session, 0, x + 1, 28800) == INGOT_ERROR_ARGUMENT, "an unaligned input was bound");
  check(ingot_session_message(session)[0] != 0, "no message for a wrong binding");
  check(ingot_bind_input(session, 2, x, 28800) == INGOT_ERROR_ARGUMENT, "an input out of range was bound");
  check(ingot_bind_output(session, 2, x, 28800) == INGOT_ERROR_ARGUMENT, "an output out of range was bound");
  check(ingot_bind_input(session, 0, NULL, 0) == INGOT_OK && ingot_bind_output(session, 0, NULL, 0) == INGOT_OK, "unbinding");
  fill(session);
  check(ingot_run(session) == INGOT_OK && memcmp(ingot_output_data(session, 0), expected, size) == 0, "unbound run");

  ((int64_t *)ingot_input_data(session, 1))[1] = 5;
  check(ingot_run(session) == INGOT_ERROR_INDEX && strstr(ingot_session_message(session), "node") != NULL, "index 5 of 5: %s",
        ingot_session_message(session));
  ((int64_t *)ingot_input_data(session, 1))[1] = INT64_MIN;
  check(ingot_run(session) == INGOT_ERROR_INDEX, "the least index");
  ingot_session_destroy(session);
  free(x);
  free(y);

  /* Other thread counts, the caller's memory, and no allocation while running. */
  for (uint32_t threads = 1; threads <= 4; threads++) {
    ingot_session_options options = {.threads = threads};
    options.memory_bytes = ingot_session_bytes(bundle, &options);
    options.memory = aligned_alloc(64, options.memory_bytes);
    check(ingot_session_create(bundle, &options, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
    const long before = allocations;
    for (int i = 0; i < 20; i++) {
      fill(session);
      ingot_run(session);
    }
    check(allocations == before, "%ld allocations while running", allocations - before);
    check(memcmp(ingot_output_data(session, 0), expected, size) == 0, "%u threads give other bits", threads);
    ingot_session_destroy(session);
    options.memory_bytes--;
    check(ingot_session_create(bundle, &options, NULL, &session, message, sizeof message) == INGOT_ERROR_MEMORY, "too little memory");
    free(options.memory);
  }
  free(expected);
}

static void describe(const ingot_bundle *bundle) {
  size_t bytes;
  const char *manifest = ingot_manifest(bundle, &bytes);
  check(bytes == 2 && memcmp(manifest, "{}", 2) == 0, "manifest of %zu bytes", bytes);
  check(ingot_function_count(bundle) == 1 && ingot_find_function(bundle, "main") == 0 && ingot_find_function(bundle, "mai") == -1,
        "functions");
  const char *name = ingot_function_name(bundle, 0, &bytes);
  check(name != NULL && bytes == 4 && ingot_function_name(bundle, 1, &bytes) == NULL, "names");
  check(ingot_input_count(bundle, 0) == 2 && ingot_output_count(bundle, 0) == 2 && ingot_input_count(bundle, 1) == 0, "counts");
  check(ingot_input(bundle, 0, 2) == NULL && ingot_output(bundle, 0, 2) == NULL, "out of range");
  check(ingot_output(bundle, 0, 1)->rank == 2 && ingot_output(bundle, 0, 1)->bytes == 48, "an output");
  check(ingot_instruction_count(bundle, 0) == 3, "instructions");
  ingot_session *session;
  const ingot_session_options wrong[2] = {{.function = 1}, {.threads = 65}};
  for (int i = 0; i < 2; i++) {
    check(ingot_session_bytes(bundle, &wrong[i]) == 0, "bytes of wrong options");
    check(ingot_session_create(bundle, &wrong[i], NULL, &session, NULL, 0) == INGOT_ERROR_ARGUMENT && session == NULL, "wrong options");
  }
}

/* Refuses the n-th allocation. */
static long countdown;
static void *refuse(void *context, size_t bytes) {
  (void)context;
  return countdown-- == 0 ? NULL : aligned_alloc(64, (bytes + 63) / 64 * 64);
}
static long open_blocks;
static void *counted(void *context, size_t bytes) {
  void *memory = refuse(context, bytes);
  open_blocks += memory != NULL;
  return memory;
}
static void uncounted(void *context, void *memory, size_t bytes) {
  (void)context;
  (void)bytes;
  open_blocks--;
  free(memory);
}

static void refused_memory(const uint8_t *file, uint64_t size, uint32_t flags) {
  const ingot_allocator allocator = {NULL, counted, uncounted};
  bool done = false;
  for (long n = 0; n < 100 && !done; n++) {
    ingot_bundle *bundle;
    ingot_session *session = NULL;
    countdown = n;
    ingot_status status = ingot_open_memory_with(file, size, flags, &allocator, &bundle, NULL, 0);
    if (status == INGOT_OK) status = ingot_session_create(bundle, NULL, &allocator, &session, NULL, 0);
    done = status == INGOT_OK;
    check(done || status == INGOT_ERROR_MEMORY, "refusing allocation %ld gives status %d", n, status);
    ingot_session_destroy(session);
    ingot_close(bundle);
    check(open_blocks == 0, "refusing allocation %ld leaks %ld blocks", n, open_blocks);
  }
  check(done, "the bundle never opened");
}

void test_session(void) {
  uint64_t size;
  uint8_t *file = sample(&size);
  ingot_bundle *bundle;
  char message[256];
  check(ingot_open_memory(file, size, NULL, &bundle, message, sizeof message) == INGOT_OK, "%s", message);
  describe(bundle);
  run_and_bind(bundle);
  ingot_close(bundle);
  refused_memory(file, size, 0);
  refused_memory(file, size, INGOT_OPEN_COPY);
  free(file);
  for (int status = 0; status < 13; status++) check(ingot_status_text((ingot_status)status) != NULL, "status %d", status);
}
