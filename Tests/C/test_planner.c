/* The memory planner: plans are valid, no smaller than their bounds, the same every time, and smallest where that is said. */
#include "check.h"
#include "memory_planner.h"

#include <stdlib.h>
#include <string.h>

enum { MOST = 600 };

typedef struct instance {
  ingot_planner_buffer buffers[MOST];
  int32_t count;
} instance;

static void add(instance *instance, int64_t size, int64_t first, int64_t last) {
  instance->buffers[instance->count++] = (ingot_planner_buffer){size, 1, first, last, INGOT_PLANNER_FREE};
}

/* Cuts a rectangle of steps by bytes in two, again and again: what is left fits its height without a gap. With few bytes many
   sizes are equal, which makes it hard. */
static void cut(instance *instance, uint64_t *seed, int64_t first, int64_t end, int64_t bytes, int32_t pieces) {
  bool in_time = random_below(seed, 2) == 0 ? end - first >= 4 : bytes < 4;
  int64_t length = in_time ? end - first : bytes;
  if (pieces <= 1 || length < 4) {
    add(instance, bytes, first, end - 1);
    return;
  }
  int64_t at = 1 + random_below(seed, length - 1);
  int32_t half = (int32_t)(pieces * at / length);
  if (half == 0) half = 1;
  cut(instance, seed, first, in_time ? first + at : end, in_time ? bytes : at, half);
  cut(instance, seed, in_time ? first + at : first, end, in_time ? bytes : bytes - at, pieces - half);
}

/* Buffers in an order that tells nothing of how they fit. */
static void shuffle(instance *instance, uint64_t *seed) {
  for (int32_t i = instance->count - 1; i > 0; i--) {
    int64_t other = random_below(seed, i + 1);
    ingot_planner_buffer buffer = instance->buffers[i];
    instance->buffers[i] = instance->buffers[other];
    instance->buffers[other] = buffer;
  }
}

static void plant(instance *instance, uint64_t *seed, int64_t steps, int64_t bytes, int32_t pieces) {
  cut(instance, seed, 0, steps, bytes, pieces);
  shuffle(instance, seed);
}

static void fill_random(instance *instance, uint64_t *seed, int32_t count, int64_t steps) {
  static const int64_t alignments[] = {1, 1, 4, 16};
  for (int32_t i = 0; i < count; i++) {
    int64_t first = random_below(seed, steps), alignment = alignments[random_below(seed, 4)];
    add(instance, alignment * random_below(seed, 60), first, first + random_below(seed, 1 + steps / 4));
    instance->buffers[i].alignment = alignment;
  }
}

static bool is_valid(const instance *instance, const ingot_planner *planner) {
  const int64_t *offsets = ingot_planner_offsets(planner);
  int64_t reach = 0;
  for (int32_t i = 0; i < instance->count; i++) {
    const ingot_planner_buffer *a = &instance->buffers[i];
    if (offsets[i] < 0 || offsets[i] % a->alignment != 0) return false;
    if (a->fixed != INGOT_PLANNER_FREE && offsets[i] != a->fixed) return false;
    if (offsets[i] + a->size > reach) reach = offsets[i] + a->size;
    for (int32_t j = 0; j < i; j++) {
      const ingot_planner_buffer *b = &instance->buffers[j];
      if (a->size == 0 || b->size == 0 || a->first > b->last || b->first > a->last) continue;
      if (offsets[i] < offsets[j] + b->size && offsets[j] < offsets[i] + a->size) return false;
    }
  }
  return reach == ingot_planner_peak(planner) && reach >= ingot_planner_bound(planner);
}

/* Improves a plan by pieces of work; gives back its peak. */
static int64_t expect_sound(const instance *instance, int64_t goal, int32_t rounds, const char *what, uint64_t seed) {
  ingot_planner *planner = ingot_planner_create(instance->buffers, instance->count);
  ingot_planner *other = ingot_planner_create(instance->buffers, instance->count);
  if (!check(planner && other, "the planner has no memory for %d buffers", (int)instance->count)) abort();
  for (int32_t round = 0; round < rounds; round++) {
    int64_t before = ingot_planner_peak(planner);
    check(is_valid(instance, planner), "%s plan %d of seed %d is invalid", what, (int)round, (int)seed);
    check(ingot_planner_improve(planner, goal, 3000000, NULL, NULL), "%s of seed %d: no memory", what, (int)seed);
    check(ingot_planner_improve(other, goal, 3000000, NULL, NULL), "%s of seed %d: no memory", what, (int)seed);
    check(ingot_planner_peak(planner) <= before, "%s plan of seed %d got worse", what, (int)seed);
    check(memcmp(ingot_planner_offsets(planner), ingot_planner_offsets(other),
                 (size_t)instance->count * sizeof(int64_t)) == 0, "%s plans of seed %d differ", what, (int)seed);
  }
  check(is_valid(instance, planner), "%s plan of seed %d is invalid", what, (int)seed);
  int64_t peak = ingot_planner_peak(planner);
  ingot_planner_destroy(planner);
  ingot_planner_destroy(other);
  return peak;
}

static void expect_small_plans(void) {
  for (uint64_t seed = 1; seed <= 12; seed++) {
    instance planted = {.count = 0};
    uint64_t state = seed;
    plant(&planted, &state, 100, 256, 12 + 8 * (int32_t)seed);
    int64_t peak = expect_sound(&planted, 0, 6, "planted", seed);
    check(peak <= 256 * 120 / 100, "the plan of seed %d needs %d bytes of 256", (int)seed, (int)peak);
  }
}

static void expect_alignment_and_fixed_offsets(void) {
  for (uint64_t seed = 1; seed <= 20; seed++) {
    instance random = {.count = 0};
    uint64_t state = seed;
    fill_random(&random, &state, 10 + 8 * (int32_t)seed, 12 + (int64_t)seed);
    expect_sound(&random, 0, 3, "aligned", seed);
    random.buffers[3].fixed = 64 * random.buffers[3].alignment;
    expect_sound(&random, 0, 3, "fixed", seed);
  }
}

/* Buffers of few sizes that fill steps up to a height as far as they go. */
static void fill_up(instance *instance, uint64_t *seed, int64_t steps, int64_t height) {
  int64_t live[16] = {0};
  for (int32_t trial = 0; trial < 60; trial++) {
    int64_t first = random_below(seed, steps), last = first + random_below(seed, 1 + steps / 2), size = 1 + random_below(seed, 4);
    if (last >= steps) last = steps - 1;
    bool fits = true;
    for (int64_t step = first; step <= last; step++) fits &= live[step] + size <= height;
    if (!fits) continue;
    for (int64_t step = first; step <= last; step++) live[step] += size;
    add(instance, size, first, last);
  }
}

/* Without room to spare some need more than is ever live, which only an exhaustive search shows. */
static void expect_proof_above_the_bound(void) {
  int32_t above = 0;
  for (uint64_t seed = 1; seed <= 2000; seed++) {
    instance tight = {.count = 0};
    uint64_t state = seed;
    fill_up(&tight, &state, 8 + (int64_t)(seed % 5), 5 + (int64_t)(seed % 3));
    ingot_planner *planner = ingot_planner_create(tight.buffers, tight.count);
    int64_t live = ingot_planner_bound(planner);
    ingot_planner_improve(planner, 0, 200000000, NULL, NULL);
    check(ingot_planner_peak(planner) == ingot_planner_bound(planner), "tight problem %d is not solved", (int)seed);
    check(is_valid(&tight, planner), "the plan of tight problem %d is invalid", (int)seed);
    if (ingot_planner_bound(planner) > live) above++;
    ingot_planner_destroy(planner);
  }
  check(above > 0, "no tight problem needs more than is live at a step");
}

static bool stop_at_once(void *context) {
  ++*(int *)context;
  return true;
}

static void expect_stops(void) {
  instance planted = {.count = 0};
  uint64_t state = 77;
  plant(&planted, &state, 400, 256, 300);
  ingot_planner *planner = ingot_planner_create(planted.buffers, planted.count);
  int asked = 0;
  ingot_planner_improve(planner, 0, INGOT_PLANNER_UNLIMITED, stop_at_once, &asked);
  check(asked == 1, "the planner goes on after it is told to stop: it asks %d times", asked);
  int64_t goal = ingot_planner_peak(planner) - 1;
  ingot_planner_improve(planner, goal, INGOT_PLANNER_UNLIMITED, NULL, NULL);
  check(ingot_planner_peak(planner) <= goal && is_valid(&planted, planner), "a goal is not met");
  ingot_planner_destroy(planner);
}

/* Bounds of large numbers creep towards each other by a byte at a time. */
static void expect_end_of_creeping(void) {
  instance close = {.count = 0};
  int64_t large = (int64_t)1 << 60;
  for (int64_t i = 0; i < 12; i++) add(&close, large / 16 + i, i / 2, i / 2 + 3);
  for (int64_t i = 0; i < 12; i++) add(&close, 1 + i, i, i + 2);
  expect_sound(&close, 0, 2, "creeping", 0);
}

void test_planner(void) {
  expect_small_plans();
  expect_alignment_and_fixed_offsets();
  expect_proof_above_the_bound();
  expect_stops();
  expect_end_of_creeping();
}
