/* What a host relies on: names, the work that a run takes, stopping it, and files that change. */
#define _POSIX_C_SOURCE 200809L
#include "rules.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SIZE 48

/* y = x · w, `count` times over; x, w and y are SIZE × SIZE, and w lies in the file as it is. */
static builder *repeated_product(int64_t count, bool packed) {
  builder *b = builder_create();
  const builder_type square = {INGOT_F32, 2, {SIZE, SIZE}};
  float *weight = calloc(SIZE * SIZE, sizeof *weight);
  for (int i = 0; i < SIZE * SIZE; i++) weight[i] = (float)(i * 37 % 101) / 101 - 0.5f;
  const uint32_t x = add_input(b, square, "serving_default_input_2:0"), y = add_output(b, square, "y/out");
  const uint32_t operands[2] = {x, add_weight(b, square, weight, 0, packed)};
  add_instruction(b, INGOT_OP_LOOP, NULL, 0, NULL, 0);
  ATTRIBUTES(b, ingot_loop_attributes, count, 1);
  add_instruction(b, INGOT_OP_MATMUL, &y, 1, operands, 2);
  ATTRIBUTES(b, ingot_matmul_attributes, .transpose_a = 0);
  free(weight);
  return b;
}

static uint8_t *file_of(builder *b, uint64_t *bytes) {
  uint8_t *file = build(b, bytes);
  builder_destroy(b);
  return file;
}

static void fill(ingot_session *session) {
  float *x = ingot_input_data(session, 0);
  for (int i = 0; i < SIZE * SIZE; i++) x[i] = (float)(i % 13) / 13;
}

/* The product's first row, computed here. */
static bool is_right(ingot_session *session) {
  const float *y = ingot_output_data(session, 0);
  for (int j = 0; j < SIZE; j++) {
    double sum = 0;
    for (int k = 0; k < SIZE; k++) sum += (double)((float)(k % 13) / 13) * (double)((float)((k * SIZE + j) * 37 % 101) / 101 - 0.5f);
    if (y[j] - sum > 1e-4 || sum - y[j] > 1e-4) return false;
  }
  return true;
}

static ingot_session *session_of(const ingot_bundle *bundle, uint32_t threads) {
  const ingot_session_options options = {.threads = threads};
  ingot_session *session = NULL;
  char message[512];
  check(ingot_session_create(bundle, &options, NULL, &session, message, sizeof message) == INGOT_OK, "%s", message);
  return session;
}

static void names(void) {
  uint64_t bytes;
  uint8_t *file = file_of(repeated_product(2, false), &bytes);
  ingot_bundle *bundle;
  char message[512];
  check(ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message) == INGOT_OK, "%s", message);
  check(strcmp(ingot_input(bundle, 0, 0)->name, "serving_default_input_2:0") == 0 && strcmp(ingot_output(bundle, 0, 0)->name, "y/out") == 0 &&
            strcmp(ingot_function_name(bundle, 0, NULL), "main") == 0 && strcmp(ingot_manifest(bundle, NULL), "{}") == 0,
        "names are not terminated");
  check(ingot_input_index(bundle, 0, "serving_default_input_2:0") == 0 && ingot_output_index(bundle, 0, "y/out") == 0, "lookup by name");
  const char *unknown[5] = {"", "y", "y/out/", "serving_default_input_2", "main"};
  for (int i = 0; i < 5; i++)
    check(ingot_input_index(bundle, 0, unknown[i]) == -1 && ingot_output_index(bundle, 0, unknown[i]) == -1, "'%s' was found", unknown[i]);
  check(ingot_input_index(bundle, 0, "y/out") == -1 && ingot_output_index(bundle, 1, "y/out") == -1, "found elsewhere");
  check(strcmp(ingot_version(), INGOT_VERSION) == 0, "version %s", ingot_version());
  ingot_close(bundle);
  free(file);

  /* The last byte of every name's terminator counts, in every table. */
  RULE(INGOT_OP_CONV, "outside the strings", b->strings[4] = 'x');
  RULE(INGOT_OP_CONV, "outside the strings", b->strings[t[0].name + t[0].name_bytes] = 'x');
  RULE(INGOT_OP_CONV, "outside the strings", b->strings[i->name + i->name_bytes] = 'x');
  RULE(INGOT_OP_CONV, "outside the strings", b->program.string_bytes--);
}

/* Stops at the n-th question. */
typedef struct {
  long asked, limit;
} counter;
static int count_down(void *context) {
  counter *c = context;
  return c->asked++ == c->limit;
}

static void stops(void) {
  uint64_t bytes;
  uint8_t *file = file_of(repeated_product(200, false), &bytes);
  ingot_bundle *bundle;
  check(ingot_open_memory(file, bytes, NULL, &bundle, NULL, 0) == INGOT_OK, "opening");
  for (uint32_t threads = 1; threads <= 3; threads++) {
    ingot_session *session = session_of(bundle, threads);
    counter never = {0, -1};
    ingot_set_stop_hook(session, count_down, &never);
    fill(session);
    check(ingot_run(session) == INGOT_OK && is_right(session), "a hook that never stops changes the result");
    check(never.asked >= 200, "asked %ld times in 200 steps", never.asked);
    const long limits[5] = {0, 1, 7, 150, never.asked / 2};
    for (int i = 0; i < 5; i++) {
      counter c = {0, limits[i]};
      ingot_set_stop_hook(session, count_down, &c);
      check(ingot_run(session) == INGOT_STOPPED && strstr(ingot_session_message(session), "stopped at matmul 'node'") != NULL,
            "%u threads, stop at question %ld: '%s'", threads, limits[i], ingot_session_message(session));
      check(c.asked == limits[i] + 1, "asked %ld times after a stop at %ld", c.asked, limits[i]);
      ingot_set_stop_hook(session, NULL, NULL);
      fill(session);
      check(ingot_run(session) == INGOT_OK && is_right(session), "a stopped session gives another result");
    }
    ingot_session_destroy(session);
  }
  ingot_close(bundle);
  free(file);
}

/* One large product asks many times, so that no single instruction holds a host up. */
static void stops_inside(void) {
  builder *b = builder_create();
  const builder_type square = {INGOT_F32, 2, {512, 512}};
  const uint32_t x = add_input(b, square, "x"), y = add_output(b, square, "y"), operands[2] = {x, x};
  add_instruction(b, INGOT_OP_MATMUL, &y, 1, operands, 2);
  ATTRIBUTES(b, ingot_matmul_attributes, .transpose_a = 0);
  uint64_t bytes;
  uint8_t *file = file_of(b, &bytes);
  ingot_bundle *bundle;
  check(ingot_open_memory(file, bytes, NULL, &bundle, NULL, 0) == INGOT_OK, "opening");
  ingot_session *session = session_of(bundle, 1);
  memset(ingot_input_data(session, 0), 0, 512 * 512 * sizeof(float));
  counter c = {0, -1};
  ingot_set_stop_hook(session, count_down, &c);
  check(ingot_run(session) == INGOT_OK && c.asked > 4, "one product asked %ld times", c.asked);
  counter second = {0, 2};
  ingot_set_stop_hook(session, count_down, &second);
  check(ingot_run(session) == INGOT_STOPPED && second.asked == 3, "a product was not stopped");
  ingot_session_destroy(session);
  ingot_close(bundle);
  free(file);
}

typedef struct {
  atomic_int begun, wanted;
} flag;
static int read_flag(void *context) {
  flag *f = context;
  atomic_store(&f->begun, 1);
  return atomic_load(&f->wanted);
}
static void *raise_flag(void *context) {
  flag *f = context;
  while (!atomic_load(&f->begun)) {
  }
  atomic_store(&f->wanted, 1);
  return NULL;
}

/* A run of hours ends when another thread says so. */
static void stops_from_elsewhere(void) {
  builder *b = repeated_product(65536, false);
  const ingot_loop_attributes loop = {1000, 2};
  memmove(b->instructions + 1, b->instructions, 2 * sizeof *b->instructions);
  b->program.instruction_count++;
  b->instructions[0].first_attribute = b->program.attribute_count;
  memcpy(b->attributes + b->program.attribute_count, &loop, sizeof loop);
  b->program.attribute_count += 2;
  uint64_t bytes;
  uint8_t *file = file_of(b, &bytes);
  ingot_bundle *bundle;
  char message[512];
  check(ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message) == INGOT_OK, "%s", message);
  check(ingot_multiply_adds(bundle, 0) == (uint64_t)1000 * 65536 * SIZE * SIZE * SIZE, "the work is %llu",
        (unsigned long long)ingot_multiply_adds(bundle, 0));
  ingot_session *session = session_of(bundle, 2);
  flag f = {0, 0};
  pthread_t thread;
  pthread_create(&thread, NULL, raise_flag, &f);
  ingot_set_stop_hook(session, read_flag, &f);
  check(ingot_run(session) == INGOT_STOPPED, "%s", ingot_session_message(session));
  pthread_join(thread, NULL);
  ingot_session_destroy(session);
  ingot_close(bundle);
  free(file);
}

static ingot_status open_with_manifest(const char *manifest, uint32_t functions, char message[512]) {
  builder *b = repeated_product(3, false);
  b->manifest = manifest;
  b->functions = functions;
  uint64_t bytes;
  uint8_t *file = file_of(b, &bytes);
  ingot_bundle *bundle;
  const ingot_status status = ingot_open_memory(file, bytes, NULL, &bundle, message, 512);
  ingot_close(bundle);
  free(file);
  return status;
}

static void manifests(void) {
  char message[512];
  /* 3 × 48³ = 331776 */
  static const char *const right[] = {
      "{}", " { } ", "{\"a\": [1, {\"b\": \"}\\\"]\"}, []], \"c\": null}", "{\"functions\": [{\"macs\": 331776}]}",
      "{\"functions\":[{\"name\":\"\\u0022macs\\\":7\",\"inputs\":[{\"macs\":1}],\"macs\" : 331776 ,\"x\":-1.5e3}],\"provenance\":{\"ma\\tcs\":\"5\"}}",
      "{\"functions\": [{}]}", "{\"other\": [{\"macs\": 5}]}"};
  static const char *const wrong[][2] = {
      {"{\"functions\": [{\"macs\": 331775}]}", "function 'main' makes 331775 multiply-adds, its program makes 331776"},
      {"{\"functions\": [{\"macs\": 0}]}", "makes 0 multiply-adds"},
      {"{\"functions\": [{\"macs\": 331776, \"macs\": 1}]}", "makes 1 multiply-adds"},
      {"{\"functions\": [{\"macs\": 99999999999999999999999}]}", "makes 18446744073709551615 multiply-adds"},
      {"{\"functions\": [{\"macs\": 331776.0}]}", "can't be read"},
      {"{\"functions\": [{\"macs\": \"331776\"}]}", "can't be read"},
      {"{\"functions\": [{\"macs\": -331776}]}", "can't be read"},
      {"{\"functions\": [{\"m\\u0061cs\": 1}]}", "can't be read"},
      {"{\"function\\u0073\": [{\"macs\": 1}]}", "can't be read"},
      {"{\"functions\": []}", "describes 0 functions, the bundle has 1"},
      {"{\"functions\": [{\"macs\": 331776}, {\"macs\": 331776}]}", "describes at least 2 functions, the bundle has 1"},
      {"{\"functions\": {\"macs\": 331776}}", "can't be read"},
      {"", "can't be read at byte 0"}, {"{", "can't be read"}, {"{}x", "can't be read"}, {"[]", "can't be read"},
      {"{\"a\": [1,]}", "can't be read"}, {"{\"a\": {\"b\": 1]}", "can't be read"}, {"{\"a\"}", "can't be read"}, {"{\"a\\", "can't be read"}};
  for (size_t i = 0; i < sizeof right / sizeof *right; i++)
    check(open_with_manifest(right[i], 1, message) == INGOT_OK, "'%s': %s", right[i], message);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
    check(open_with_manifest(wrong[i][0], 1, message) == INGOT_ERROR_INVALID && strstr(message, wrong[i][1]) != NULL,
          "'%s': '%s', expected '%s'", wrong[i][0], message, wrong[i][1]);
  check(open_with_manifest("{\"functions\": [{\"macs\": 331776}, {\"macs\": 331775}]}", 2, message) == INGOT_ERROR_INVALID, "the second function");
  char deep[4096] = "{\"a\":";
  memset(deep + 5, '[', 4000);
  check(open_with_manifest(deep, 1, message) == INGOT_ERROR_INVALID, "a manifest 4000 deep");
}

static uint64_t work_of_sample(uint32_t opcode) {
  builder *b = sample_program(opcode);
  if (b == NULL) return 0;
  uint64_t bytes;
  uint8_t *file = file_of(b, &bytes);
  ingot_bundle *bundle;
  check(ingot_open_memory(file, bytes, NULL, &bundle, NULL, 0) == INGOT_OK, "opening");
  const uint64_t work = ingot_multiply_adds(bundle, 0);
  check(work <= work_bound(bundle), "%s: the fuzzer's bound %g is less than the work %llu", ingot_opcode_text(opcode), work_bound(bundle),
        (unsigned long long)work);
  ingot_close(bundle);
  free(file);
  return work;
}

/* The fuzzer's bound of a bundle, which is given back. */
static double bound_of(builder *b) {
  uint64_t bytes;
  uint8_t *file = file_of(b, &bytes);
  ingot_bundle *bundle;
  check(ingot_open_memory(file, bytes, NULL, &bundle, NULL, 0) == INGOT_OK, "opening");
  const double bound = work_bound(bundle);
  ingot_close(bundle);
  free(file);
  return bound;
}

static void work(void) {
  for (uint32_t i = 0; i < sample_opcode_count; i++) {
    const uint32_t op = sample_opcodes[i];
    const bool counted = op == INGOT_OP_MATMUL || op == INGOT_OP_CONV || op == INGOT_OP_CONV_TRANSPOSE || op == INGOT_OP_RECURRENT || op == INGOT_OP_RECURRENT_INTEGER ||
                         op == INGOT_OP_MATMUL_INTEGER || op == INGOT_OP_CONV_INTEGER ||
                         op == INGOT_OP_CONV_TRANSPOSE_INTEGER;
    check((work_of_sample(op) > 0) == counted, "%s makes %llu multiply-adds", ingot_opcode_text(op), (unsigned long long)work_of_sample(op));
  }
  /* 2^16 × 2^16 × 2^16, 2^16 times over, without a byte of memory but what the memory claims. */
  builder *b = builder_create();
  const builder_type square = {INGOT_F16, 2, {65536, 65536}};
  const uint32_t x = add_input(b, square, "x"), y = add_output(b, square, "y"), operands[2] = {x, x};
  add_instruction(b, INGOT_OP_LOOP, NULL, 0, NULL, 0);
  ATTRIBUTES(b, ingot_loop_attributes, 65536, 1);
  add_instruction(b, INGOT_OP_MATMUL, &y, 1, operands, 2);
  ATTRIBUTES(b, ingot_matmul_attributes, .transpose_a = 0);
  uint64_t bytes;
  uint8_t *file = file_of(b, &bytes);
  ingot_bundle *bundle;
  char message[512];
  check(ingot_open_memory(file, bytes, NULL, &bundle, message, sizeof message) == INGOT_ERROR_INVALID &&
            strstr(message, "a run makes more than 9223372036854775807 multiply-adds") != NULL,
        "2^64 multiply-adds: '%s'", message);
  free(file);
  /* A table of output sizes stands before the loops, whose repeats the fuzzer must see. */
  const builder_type integer = {INGOT_I64, 0, {0}};
  const double without = bound_of(repeated_product(5000, false));
  check(without >= 5000.0 * SIZE * SIZE * SIZE, "the fuzzer bounds 5000 products by %g", without);
  b = builder_create();
  const uint32_t n = add_input(b, integer, "n"), z = add_output(b, (builder_type){INGOT_F32, 1, {4}}, "z"), m = add_output(b, integer, "m");
  add_output_size(b, z, 0, m);
  add_instruction(b, INGOT_OP_LOOP, NULL, 0, NULL, 0);
  ATTRIBUTES(b, ingot_loop_attributes, 60000, 1);
  add_instruction(b, INGOT_OP_COPY, &m, 1, &n, 1);
  const double behind = bound_of(b);
  check(behind >= 60000, "the fuzzer bounds 60000 steps behind a table of output sizes by %g", behind);
}

static size_t in_use;
static void *allocate(void *context, size_t bytes) {
  (void)context;
  in_use += bytes;
  return aligned_alloc(64, (bytes + 63) / 64 * 64);
}
static void release(void *context, void *memory, size_t bytes) {
  (void)context;
  in_use -= bytes;
  free(memory);
}

/* What happens to a file after it was opened with a copy changes nothing. */
static void copies(bool packed) {
  const ingot_allocator allocator = {NULL, allocate, release};
  uint64_t bytes;
  uint8_t *file = file_of(repeated_product(2, packed), &bytes);
  char path[] = "/tmp/ingot-test-XXXXXX", message[512];
  const int descriptor = mkstemp(path);
  check(descriptor >= 0 && write(descriptor, file, bytes) == (ssize_t)bytes, "%s can't be written", path);
  ingot_bundle *from_file, *from_memory, *refused;
  check(ingot_open_file_with(path, INGOT_OPEN_COPY, &allocator, &from_file, message, sizeof message) == INGOT_OK, "%s", message);
  check(ingot_open_memory_with(file, bytes, INGOT_OPEN_COPY, &allocator, &from_memory, message, sizeof message) == INGOT_OK, "%s", message);
  check(ingot_open_file_with(path, 6, &allocator, &refused, message, sizeof message) == INGOT_ERROR_ARGUMENT && refused == NULL &&
            strstr(message, "flags") != NULL, "unknown flags: '%s'", message);
  const size_t weights = 2 * SIZE * SIZE * sizeof(float);
  check(in_use >= weights && in_use < 2 * (bytes + 4096) + (packed ? weights : 0), "two copies take %zu bytes", in_use);
  ingot_session *sessions[2] = {session_of(from_file, 1), session_of(from_memory, 1)};
  check(ftruncate(descriptor, 0) == 0, "%s can't be cut", path);
  memset(file, 0xff, bytes);
  for (int i = 0; i < 2; i++) {
    fill(sessions[i]);
    check(ingot_run(sessions[i]) == INGOT_OK && is_right(sessions[i]), "what became of the source changed a copy's result");
    ingot_session_destroy(sessions[i]);
  }
  ingot_close(from_file);
  ingot_close(from_memory);
  check(in_use == 0, "%zu bytes leaked", in_use);
  check(ingot_open_file_with(path, INGOT_OPEN_COPY, &allocator, &refused, message, sizeof message) == INGOT_ERROR_NOT_A_BUNDLE, "%s", message);
  close(descriptor);
  unlink(path);
  free(file);
}

void test_host(void) {
  names();
  stops();
  stops_inside();
  stops_from_elsewhere();
  manifests();
  work();
  copies(false);
  copies(true);
}
