// Orders in which buffers are offered to a placement.
#include "internal.h"

#include <stdlib.h>

typedef enum key { NONE, SIZE, LIFETIME, AREA, LOAD, EARLY, LATE } key;

// The first three can be placed in little more time than it takes to sort them.
static const unsigned char orders[ORDER_COUNT][3] = {
  {EARLY, SIZE, NONE},          // in order of execution
  {EARLY, LIFETIME, SIZE},
  {EARLY, NONE, NONE},
  {LIFETIME, SIZE, NONE},       // long-lived ones at the bottom leave whole gaps above
  {LOAD, LIFETIME, SIZE},       // the fullest sections first, so that what sets the bound is packed without gaps
  {SIZE, LIFETIME, NONE},       // what is hard to place finds an empty arena
  {LOAD, AREA, NONE},
  {AREA, NONE, NONE},
  {LOAD, SIZE, NONE},
  {LATE, SIZE, NONE},           // in reverse order of execution
  {LOAD, NONE, NONE},
};

static double key_of(const component *part, int32_t index, const int64_t *load, key which) {
  double lifetime = part->high[index] - part->low[index];
  switch (which) {
  case NONE: return 0;
  case SIZE: return (double)part->size[index];
  case LIFETIME: return lifetime;
  case AREA: return (double)part->size[index] * lifetime;
  case LOAD: return (double)load[index];
  case EARLY: return -(double)part->low[index];
  case LATE: return (double)part->high[index];
  }
  return 0;
}

static int compare(const void *left, const void *right) {
  const keyed *a = left, *b = right;
  for (int i = 0; i < 3; i++)
    if (a->keys[i] != b->keys[i]) return a->keys[i] > b->keys[i] ? -1 : 1;
  return (a->index > b->index) - (a->index < b->index);
}

void sort_keyed(keyed *entries, int32_t count) { qsort(entries, (size_t)count, sizeof *entries, compare); }

bool is_step_order(int32_t which) { return orders[which][0] == EARLY; }

bool order_buffers(const component *part, int32_t which, const int64_t *load, int32_t *order) {
  keyed *entries = malloc((size_t)part->count * sizeof *entries);
  if (!entries) return false;
  for (int32_t i = 0; i < part->count; i++) {
    for (int k = 0; k < 3; k++) entries[i].keys[k] = key_of(part, i, load, (key)orders[which][k]);
    entries[i].index = i;
  }
  sort_keyed(entries, part->count);
  int32_t next = 0;
  for (int32_t i = 0; i < part->count; i++)
    if (part->fixed[entries[i].index] != INGOT_PLANNER_FREE) order[next++] = entries[i].index;
  for (int32_t i = 0; i < part->count; i++)
    if (part->fixed[entries[i].index] == INGOT_PLANNER_FREE) order[next++] = entries[i].index;
  free(entries);
  return true;
}

// Maxima over ranges of sections: a tree whose leaves are its second half.
bool find_loads(const component *part, int64_t *load) {
  size_t leaves = (size_t)part->sections;
  int64_t *maxima = calloc(2 * leaves + 1, sizeof *maxima);
  if (!maxima) return false;
  for (int32_t i = 0; i < part->count; i++) {
    maxima[leaves + (size_t)part->low[i]] += part->size[i];
    maxima[leaves + (size_t)part->high[i]] -= part->size[i];
  }
  for (size_t s = leaves + 1; s < 2 * leaves; s++) maxima[s] += maxima[s - 1];
  for (size_t node = leaves - 1; node > 0; node--) maxima[node] = max64(maxima[2 * node], maxima[2 * node + 1]);
  for (int32_t i = 0; i < part->count; i++) {
    size_t low = (size_t)part->low[i] + leaves, high = (size_t)part->high[i] + leaves;
    int64_t most = 0;
    for (; low < high; low /= 2, high /= 2) {
      if (low % 2) most = max64(most, maxima[low++]);
      if (high % 2) most = max64(most, maxima[--high]);
    }
    load[i] = most;
  }
  free(maxima);
  return true;
}
