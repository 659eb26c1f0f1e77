// A local search for a plan of at most a capacity. It takes out what lies above the capacity, and puts one buffer after the
// other back where that drives out the least; what is driven out comes next. Buffers that have been driven out often cost more,
// and one that has just been placed stays for a while, so that it goes on to other plans.
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 32 };

// What a place costs if it can't be taken.
static const double forbidden = 1e300;

typedef struct edge { int64_t at; double cost; } edge;

struct repair {
  const component *part;
  int64_t *offset;   // negative while it has none
  int32_t *out;      // buffers without an offset
  int32_t out_count;
  int64_t *stays;    // the step until which a buffer is not driven out
  double *cost;      // of driving it out
  int64_t step;
  uint64_t random;
  // Buffers that are live when a block of sections begins, having begun before; and the first that begins in the block.
  int32_t *block_start, *block_live, *block_first;
  int32_t *met;      // the placed buffers that meet the one to be placed
  int32_t met_count;
  edge *starts, *ends; // of those
};

static int32_t block_count(const component *part) { return (part->sections + BLOCK - 1) / BLOCK; }

static size_t count_block_live(const component *part) {
  size_t count = 0;
  for (int32_t i = 0; i < part->count; i++) count += (size_t)((part->high[i] - 1) / BLOCK - part->low[i] / BLOCK);
  return count;
}

static void fill_blocks(struct repair *repair) {
  const component *part = repair->part;
  int32_t blocks = block_count(part), *start = repair->block_start;
  memset(start, 0, ((size_t)blocks + 2) * sizeof *start);
  for (int32_t i = 0; i < part->count; i++)
    for (int32_t b = part->low[i] / BLOCK + 1; b <= (part->high[i] - 1) / BLOCK; b++) start[b + 2]++;
  for (int32_t b = 0; b < blocks; b++) start[b + 2] += start[b + 1];
  for (int32_t i = 0; i < part->count; i++)
    for (int32_t b = part->low[i] / BLOCK + 1; b <= (part->high[i] - 1) / BLOCK; b++)
      repair->block_live[start[b + 1]++] = i;
  for (int32_t b = 0, i = 0; b < blocks; b++) {
    while (i < part->count && part->low[i] < b * BLOCK) i++;
    repair->block_first[b] = i;
  }
}

struct repair *repair_create(const component *part) {
  struct repair *repair = calloc(1, sizeof *repair);
  if (!repair) return NULL;
  size_t n = (size_t)part->count, blocks = (size_t)block_count(part);
  repair->part = part;
  repair->random = 0x9E3779B97F4A7C15u;
  repair->offset = malloc(n * sizeof *repair->offset);
  repair->out = malloc(n * sizeof *repair->out);
  repair->stays = calloc(n, sizeof *repair->stays);
  repair->cost = malloc(n * sizeof *repair->cost);
  repair->block_start = malloc((blocks + 2) * sizeof *repair->block_start);
  repair->block_live = malloc((count_block_live(part) + 1) * sizeof *repair->block_live);
  repair->block_first = malloc(blocks * sizeof *repair->block_first);
  repair->met = malloc(n * sizeof *repair->met);
  repair->starts = malloc((n + 1) * sizeof *repair->starts);
  repair->ends = malloc((n + 1) * sizeof *repair->ends);
  if (!repair->offset || !repair->out || !repair->stays || !repair->cost || !repair->block_start || !repair->block_live
      || !repair->block_first || !repair->met || !repair->starts || !repair->ends) {
    repair_destroy(repair);
    return NULL;
  }
  fill_blocks(repair);
  return repair;
}

void repair_destroy(struct repair *repair) {
  if (!repair) return;
  free(repair->offset);
  free(repair->out);
  free(repair->stays);
  free(repair->cost);
  free(repair->block_start);
  free(repair->block_live);
  free(repair->block_first);
  free(repair->met);
  free(repair->starts);
  free(repair->ends);
  free(repair);
}

static uint64_t draw(struct repair *repair) {
  repair->random ^= repair->random << 13;
  repair->random ^= repair->random >> 7;
  repair->random ^= repair->random << 17;
  return repair->random;
}

static int compare_edges(const void *left, const void *right) {
  const edge *a = left, *b = right;
  return (a->at > b->at) - (a->at < b->at);
}

// Finds the placed buffers that meet one; gives back how many were looked at.
static int64_t find_met(struct repair *repair, int32_t index) {
  const component *part = repair->part;
  int32_t low = part->low[index], high = part->high[index], block = low / BLOCK;
  int32_t count = 0;
  for (int32_t i = repair->block_start[block]; i < repair->block_start[block + 1]; i++) {
    int32_t other = repair->block_live[i];
    if (part->high[other] > low && repair->offset[other] >= 0) repair->met[count++] = other;
  }
  int32_t other = repair->block_first[block];
  for (; other < part->count && part->low[other] < high; other++)
    if (part->high[other] > low && repair->offset[other] >= 0) repair->met[count++] = other;
  repair->met_count = count;
  return repair->block_start[block + 1] - repair->block_start[block] + other - repair->block_first[block];
}

// Starts and ends of what meets a buffer in order, with the sum of costs up to each.
static void sort_edges(struct repair *repair) {
  int32_t count = repair->met_count;
  for (int32_t i = 0; i < count; i++) {
    int32_t other = repair->met[i];
    bool is_stuck = repair->stays[other] > repair->step || repair->part->fixed[other] != INGOT_PLANNER_FREE;
    double cost = is_stuck ? forbidden : repair->cost[other];
    repair->starts[i] = (edge){repair->offset[other], cost};
    repair->ends[i] = (edge){repair->offset[other] + repair->part->size[other], cost};
  }
  qsort(repair->starts, (size_t)count, sizeof(edge), compare_edges);
  qsort(repair->ends, (size_t)count, sizeof(edge), compare_edges);
}

// Walks candidates in ascending order, and keeps the sum of costs of what has started and what has ended.
typedef struct sweep {
  const struct repair *repair;
  int32_t started, ended;
  double open_cost;
  int32_t stuck;
} sweep;

static double cost_at(sweep *sweep, int64_t offset, int64_t end) {
  const struct repair *repair = sweep->repair;
  for (; sweep->started < repair->met_count && repair->starts[sweep->started].at < end; sweep->started++) {
    double cost = repair->starts[sweep->started].cost;
    if (cost == forbidden) sweep->stuck++; else sweep->open_cost += cost;
  }
  for (; sweep->ended < repair->met_count && repair->ends[sweep->ended].at <= offset; sweep->ended++) {
    double cost = repair->ends[sweep->ended].cost;
    if (cost == forbidden) sweep->stuck--; else sweep->open_cost -= cost;
  }
  return sweep->stuck > 0 ? forbidden : sweep->open_cost;
}

// The cheapest place that touches others from above or below, or an end of the arena; -1 if all are forbidden.
static int64_t cheapest_place(struct repair *repair, int32_t index, int64_t capacity) {
  int64_t size = repair->part->size[index], alignment = repair->part->alignment[index];
  int64_t best = -1;
  double lowest = forbidden;
  uint64_t ties = 0;
  sweep above = {repair, 0, 0, 0, 0}, below = {repair, 0, 0, 0, 0};
  for (int32_t i = -1; i <= repair->met_count; i++) {
    for (int side = 0; side < 2; side++) {
      int64_t offset;
      if (side == 0) {
        if (i == repair->met_count) continue;
        offset = i < 0 ? 0 : rounded_up(repair->ends[i].at, alignment);
      } else {
        if (i < 0) continue;
        offset = (i == repair->met_count ? capacity : repair->starts[i].at) - size;
        if (offset < 0) continue;
        offset -= offset % alignment;
      }
      if (offset + size > capacity) continue;
      double cost = cost_at(side == 0 ? &above : &below, offset, offset + size);
      // Sums and differences of the same costs leave rests.
      if (cost < 1e-6) cost = 0;
      if (cost > lowest || cost >= forbidden) continue;
      if (cost < lowest) ties = 0;
      if (ties++ == 0 || draw(repair) % ties == 0) best = offset;
      lowest = cost;
    }
  }
  return best;
}

static void put_back(struct repair *repair, int32_t position, int64_t offset) {
  const component *part = repair->part;
  int32_t index = repair->out[position];
  repair->out[position] = repair->out[--repair->out_count];
  repair->offset[index] = offset;
  repair->stays[index] = repair->step + 3 + (int64_t)(draw(repair) % 10);
  for (int32_t i = 0; i < repair->met_count; i++) {
    int32_t other = repair->met[i];
    if (repair->offset[other] >= offset + part->size[index] || offset >= repair->offset[other] + part->size[other]) continue;
    repair->offset[other] = -1;
    repair->out[repair->out_count++] = other;
    repair->cost[other] *= 1.05;
  }
}

// The most costly of those that are out; now and then any.
static int32_t choose(struct repair *repair) {
  if (draw(repair) % 16 == 0) return (int32_t)(draw(repair) % (uint64_t)repair->out_count);
  int32_t best = 0;
  for (int32_t i = 1; i < repair->out_count; i++)
    if (repair->cost[repair->out[i]] > repair->cost[repair->out[best]]) best = i;
  return best;
}

static void start(struct repair *repair, int64_t capacity) {
  const component *part = repair->part;
  repair->out_count = 0;
  for (int32_t i = 0; i < part->count; i++) {
    repair->offset[i] = part->offset[i];
    repair->stays[i] = 0;
    double lifetime = part->high[i] - part->low[i];
    repair->cost[i] = (double)part->size[i] / (double)part->bound + lifetime / part->sections;
    if (part->offset[i] + part->size[i] <= capacity) continue;
    repair->offset[i] = -1;
    repair->out[repair->out_count++] = i;
  }
  repair->step = 0;
}

outcome repair_run(struct repair *repair, int64_t capacity, budget *budget, int64_t *offset) {
  const component *part = repair->part;
  for (int32_t i = 0; i < part->count; i++) {
    if (part->size[i] > capacity) return IMPOSSIBLE;
    if (part->fixed[i] != INGOT_PLANNER_FREE && part->fixed[i] + part->size[i] > capacity) return IMPOSSIBLE;
  }
  start(repair, capacity);
  for (; repair->out_count > 0; repair->step++) {
    int32_t position = choose(repair);
    int64_t looked_at = find_met(repair, repair->out[position]);
    sort_edges(repair);
    int64_t place = cheapest_place(repair, repair->out[position], capacity);
    if (place >= 0) put_back(repair, position, place);
    if (!spend(budget, looked_at + 60 * (int64_t)repair->met_count + repair->out_count + 50)) return OUT_OF_BUDGET;
  }
  memcpy(offset, repair->offset, (size_t)part->count * sizeof *offset);
  return SOLVED;
}
