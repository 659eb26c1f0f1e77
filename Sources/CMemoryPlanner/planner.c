// Components of a problem, and who works on which, for how long.
#include "internal.h"

#include <stdlib.h>
#include <string.h>

struct ingot_planner {
  int32_t count;
  component *parts;
  int32_t part_count;
  int64_t peak, bound;
  int64_t *offsets;
  // What the components' arrays lie in.
  int32_t *indices;
  int64_t *amounts;
};

typedef struct event { int64_t step; int32_t index; bool is_start; } event;

static int compare_events(const void *left, const void *right) {
  const event *a = left, *b = right;
  if (a->step != b->step) return a->step < b->step ? -1 : 1;
  // What ends with a step is still live at it.
  if (a->is_start != b->is_start) return a->is_start ? -1 : 1;
  return (a->index > b->index) - (a->index < b->index);
}

// Walks through time and gives every buffer its component and sections, components one after the other, buffers by first
// section. Buffers of no size have none.
static bool split(ingot_planner *planner, const ingot_planner_buffer *buffers) {
  size_t n = (size_t)planner->count;
  event *events = malloc((2 * n + 1) * sizeof *events);
  int32_t *position = malloc((n + 1) * sizeof *position);
  if (!events || !position) {
    free(events);
    free(position);
    return false;
  }
  size_t count = 0;
  for (int32_t i = 0; i < planner->count; i++) {
    if (buffers[i].size == 0) continue;
    events[count++] = (event){buffers[i].first, i, true};
    events[count++] = (event){buffers[i].last, i, false};
  }
  qsort(events, count, sizeof *events, compare_events);
  int32_t *source = planner->indices, *low = source + n, *high = low + n;
  int64_t *size = planner->amounts, *alignment = size + n, *fixed = alignment + n, *offset = fixed + n;
  int32_t next = 0, live = 0;
  int64_t live_bytes = 0;
  bool has_ended = true;
  component *part = NULL;
  for (size_t e = 0; e < count; e++) {
    const ingot_planner_buffer *buffer = &buffers[events[e].index];
    if (!events[e].is_start) {
      high[position[events[e].index]] = part->sections;
      live--;
      live_bytes -= buffer->size;
      has_ended = true;
      continue;
    }
    if (live == 0) {
      part = &planner->parts[planner->part_count++];
      memset(part, 0, sizeof *part);
      part->source = source + next;
      part->low = low + next;
      part->high = high + next;
      part->size = size + next;
      part->alignment = alignment + next;
      part->fixed = fixed + next;
      part->offset = offset + next;
      has_ended = true;
    }
    if (has_ended) part->sections++;
    has_ended = false;
    position[events[e].index] = next;
    source[next] = events[e].index;
    low[next] = part->sections - 1;
    size[next] = buffer->size;
    alignment[next] = buffer->alignment;
    fixed[next] = buffer->fixed;
    if (buffer->fixed != INGOT_PLANNER_FREE) {
      part->has_fixed = true;
      part->bound = max64(part->bound, buffer->fixed + buffer->size);
    }
    next++;
    part->count++;
    part->pairs += live++;
    live_bytes += buffer->size;
    part->bound = max64(part->bound, live_bytes);
  }
  free(events);
  free(position);
  return true;
}

static void take_plan(component *part, const int64_t *offset) {
  int64_t peak = 0;
  for (int32_t i = 0; i < part->count; i++) {
    part->offset[i] = offset[i];
    peak = max64(peak, offset[i] + part->size[i]);
  }
  part->peak = peak;
}

// What greedy placements may take at first; the rest of them comes when there is time.
static const int64_t greedy_work = 200000000;

// Tries the orders and fits that are left.
static outcome place_greedily(component *part, budget *budget) {
  int32_t n = part->count;
  int64_t *load = malloc((size_t)n * sizeof *load), *offset = malloc((size_t)n * sizeof *offset), peak;
  int32_t *order = malloc((size_t)n * sizeof *order), ordered = -1;
  outcome outcome = load && offset && order && find_loads(part, load) ? SOLVED : OUT_OF_MEMORY;
  while (outcome == SOLVED && part->greedy_count < 2 * ORDER_COUNT && part->peak > part->bound) {
    int32_t which = part->greedy_count / 2;
    bool best_fit = part->greedy_count % 2 == 1;
    if (ordered != which && !order_buffers(part, which, load, order)) {
      outcome = OUT_OF_MEMORY;
      break;
    }
    ordered = which;
    outcome = is_step_order(which) && !part->has_fixed
                ? place_in_step_order(part, order, best_fit, part->peak, budget, offset, &peak)
                : place_in_order(part, order, best_fit, part->peak, budget, offset, &peak);
    if (outcome == SOLVED && peak < part->peak) take_plan(part, offset);
    if (outcome == SOLVED) part->greedy_count++;
  }
  free(load);
  free(offset);
  free(order);
  return outcome;
}

static bool place_first(component *part) {
  part->peak = INT64_MAX;
  part->step = 0.5;
  budget limited = {greedy_work, 0, NULL, NULL, false}, unlimited = {INGOT_PLANNER_UNLIMITED, 0, NULL, NULL, false};
  outcome outcome = place_greedily(part, &limited);
  // Fixed buffers may make the first order a slow one, but there has to be a plan.
  if (outcome == OUT_OF_BUDGET && part->greedy_count == 0) {
    part->greedy_count = 2 * ORDER_COUNT - 1;
    outcome = place_greedily(part, &unlimited);
    part->greedy_count = 0;
  }
  return outcome != OUT_OF_MEMORY;
}

static void sum_up(ingot_planner *planner) {
  planner->peak = planner->bound = 0;
  for (int32_t p = 0; p < planner->part_count; p++) {
    const component *part = &planner->parts[p];
    planner->peak = max64(planner->peak, part->peak);
    planner->bound = max64(planner->bound, part->bound);
    for (int32_t i = 0; i < part->count; i++) planner->offsets[part->source[i]] = part->offset[i];
  }
}

ingot_planner *ingot_planner_create(const ingot_planner_buffer *buffers, int32_t count) {
  ingot_planner *planner = calloc(1, sizeof *planner);
  if (!planner) return NULL;
  size_t n = (size_t)count;
  planner->count = count;
  planner->parts = malloc((n + 1) * sizeof *planner->parts);
  planner->offsets = calloc(n + 1, sizeof *planner->offsets);
  planner->indices = malloc((3 * n + 1) * sizeof *planner->indices);
  planner->amounts = malloc((4 * n + 1) * sizeof *planner->amounts);
  bool is_done = planner->parts && planner->offsets && planner->indices && planner->amounts && split(planner, buffers);
  for (int32_t i = 0; i < count && is_done; i++)
    if (buffers[i].fixed != INGOT_PLANNER_FREE) planner->offsets[i] = buffers[i].fixed;
  for (int32_t p = 0; p < planner->part_count && is_done; p++) {
    is_done = place_first(&planner->parts[p]);
  }
  if (!is_done) {
    ingot_planner_destroy(planner);
    return NULL;
  }
  sum_up(planner);
  return planner;
}

void ingot_planner_destroy(ingot_planner *planner) {
  if (!planner) return;
  for (int32_t p = 0; p < planner->part_count; p++) {
    for (int s = 0; s < 2; s++) search_destroy(planner->parts[p].search[s]);
    repair_destroy(planner->parts[p].repair);
  }
  free(planner->parts);
  free(planner->offsets);
  free(planner->indices);
  free(planner->amounts);
  free(planner);
}

int64_t ingot_planner_peak(const ingot_planner *planner) { return planner->peak; }
int64_t ingot_planner_bound(const ingot_planner *planner) { return planner->bound; }
const int64_t *ingot_planner_offsets(const ingot_planner *planner) { return planner->offsets; }

// The largest power of two that divides a number.
static int32_t ruler(int32_t number) { return number & -number; }

// What the first attempts may cost, for each buffer. Many short ones find more than a few long ones.
static const int64_t attempt_work = 6000;

// What is done by turns. What fails at one capacity says little of others, so that each has a search of its own.
typedef enum work { SEARCH_GOAL, SEARCH_STEP, REPAIR_STEP } work;
static const work turns[] = {SEARCH_GOAL, SEARCH_STEP, SEARCH_GOAL, SEARCH_STEP, REPAIR_STEP};
enum { TURNS = sizeof turns / sizeof *turns };

// A step leads a part of the way to the goal: a larger one after each that succeeds, a smaller one after each that fails.
static int64_t step_capacity(const component *part, int64_t goal) {
  double way = (double)(part->peak - goal);
  return max64(goal, part->peak - max64(1, (int64_t)(way * part->step)));
}

static void adapt_step(component *part, outcome outcome) {
  part->step *= outcome == SOLVED ? 1.5 : 0.75;
  if (part->step > 0.5) part->step = 0.5;
  if (part->step < 0.05) part->step = 0.05;
}

// Looks for a plan of one component that is smaller than its best one.
static outcome attempt(component *part, int64_t goal, budget *whole, int64_t *offset) {
  int32_t number = part->attempts++;
  work work = is_searchable(part) ? turns[number % TURNS] : REPAIR_STEP;
  int64_t capacity = work == SEARCH_GOAL ? goal : step_capacity(part, goal);
  int64_t given = min64(whole->left, max64(2000000, attempt_work * part->count) * ruler(number / TURNS + 1));
  budget own = *whole;
  own.left = given;
  outcome outcome = OUT_OF_MEMORY;
  if (work == REPAIR_STEP) {
    if (!part->repair) part->repair = repair_create(part);
    if (part->repair) outcome = repair_run(part->repair, capacity, &own, offset);
  } else {
    struct search **search = &part->search[work];
    if (!*search) *search = search_create(part);
    if (*search) outcome = search_run(*search, capacity, &own, offset);
  }
  if (work != SEARCH_GOAL) adapt_step(part, outcome);
  if (outcome == SOLVED) take_plan(part, offset);
  if (outcome == IMPOSSIBLE) part->bound = max64(part->bound, capacity + 1);
  whole->left -= given - own.left;
  whole->until_asked = own.until_asked;
  whole->stopped = own.stopped;
  return outcome;
}

bool ingot_planner_improve(ingot_planner *planner, int64_t goal, int64_t work, bool (*stop)(void *context), void *context) {
  // Sums of two heights must fit an int64_t.
  if (planner->peak > INT64_MAX / 4) return true;
  budget budget = {work, 0, stop, context, false};
  int64_t *offset = malloc(((size_t)planner->count + 1) * sizeof *offset);
  bool has_memory = offset != NULL;
  while (has_memory && planner->peak > goal && planner->peak > planner->bound && budget.left > 0 && !budget.stopped) {
    component *highest = NULL;
    for (int32_t p = 0; p < planner->part_count; p++)
      if (planner->parts[p].peak == planner->peak) highest = &planner->parts[p];
    outcome outcome = highest->greedy_count < 2 * ORDER_COUNT ? place_greedily(highest, &budget)
                                                              : attempt(highest, max64(goal, planner->bound), &budget, offset);
    has_memory = outcome != OUT_OF_MEMORY;
    if (outcome != OUT_OF_MEMORY) sum_up(planner);
  }
  free(offset);
  return has_memory;
}
