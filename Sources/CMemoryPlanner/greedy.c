// Greedy placements.
#include "internal.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 128 };

// Placed buffers in order of offset, some of all: what lies apart from a buffer in time is passed over at once.
typedef struct chunk {
  int32_t count;
  int32_t low, high; // of all in it
  int32_t lows[CHUNK], highs[CHUNK];
  int64_t offsets[CHUNK], ends[CHUNK];
} chunk;

typedef struct shelf {
  chunk *store;
  int32_t *order; // of the chunks, by offset
  int32_t count;
} shelf;

static void bound_chunk(chunk *chunk) {
  chunk->low = INT32_MAX;
  chunk->high = 0;
  for (int32_t i = 0; i < chunk->count; i++) {
    if (chunk->lows[i] < chunk->low) chunk->low = chunk->lows[i];
    if (chunk->highs[i] > chunk->high) chunk->high = chunk->highs[i];
  }
}

static void split_chunk(shelf *shelf, int32_t position) {
  chunk *full = &shelf->store[shelf->order[position]], *rest = &shelf->store[shelf->count];
  int32_t half = full->count / 2, moved = full->count - half;
  memcpy(rest->lows, full->lows + half, (size_t)moved * sizeof *rest->lows);
  memcpy(rest->highs, full->highs + half, (size_t)moved * sizeof *rest->highs);
  memcpy(rest->offsets, full->offsets + half, (size_t)moved * sizeof *rest->offsets);
  memcpy(rest->ends, full->ends + half, (size_t)moved * sizeof *rest->ends);
  full->count = half;
  rest->count = moved;
  bound_chunk(full);
  bound_chunk(rest);
  memmove(shelf->order + position + 2, shelf->order + position + 1,
          (size_t)(shelf->count - position - 1) * sizeof *shelf->order);
  shelf->order[position + 1] = shelf->count++;
}

static void insert(shelf *shelf, int32_t low, int32_t high, int64_t offset, int64_t end) {
  int32_t from = 0, to = shelf->count - 1;
  while (from < to) {
    int32_t middle = (from + to) / 2;
    const chunk *chunk = &shelf->store[shelf->order[middle]];
    if (chunk->offsets[chunk->count - 1] >= offset) to = middle; else from = middle + 1;
  }
  chunk *chunk = &shelf->store[shelf->order[from]];
  int32_t i = chunk->count;
  for (; i > 0 && chunk->offsets[i - 1] > offset; i--) {
    chunk->lows[i] = chunk->lows[i - 1];
    chunk->highs[i] = chunk->highs[i - 1];
    chunk->offsets[i] = chunk->offsets[i - 1];
    chunk->ends[i] = chunk->ends[i - 1];
  }
  chunk->lows[i] = low;
  chunk->highs[i] = high;
  chunk->offsets[i] = offset;
  chunk->ends[i] = end;
  chunk->count++;
  if (low < chunk->low) chunk->low = low;
  if (high > chunk->high) chunk->high = high;
  if (chunk->count == CHUNK) split_chunk(shelf, from);
}

// The lowest gap that holds the buffer, or the smallest; `*work` is what was looked at.
static int64_t find_gap(const shelf *shelf, const component *part, int32_t index, bool best_fit, int64_t *work) {
  int32_t low = part->low[index], high = part->high[index];
  int64_t size = part->size[index], alignment = part->alignment[index];
  int64_t floor = 0, best = -1, smallest = INT64_MAX;
  *work = shelf->count;
  for (int32_t c = 0; c < shelf->count; c++) {
    const chunk *chunk = &shelf->store[shelf->order[c]];
    if (chunk->low >= high || chunk->high <= low) continue;
    *work += chunk->count;
    for (int32_t i = 0; i < chunk->count; i++) {
      if (chunk->lows[i] >= high || low >= chunk->highs[i]) continue;
      int64_t gap = chunk->offsets[i] - floor;
      if (gap >= size && gap < smallest) {
        if (!best_fit || gap == size) return floor;
        smallest = gap;
        best = floor;
      }
      if (chunk->ends[i] > floor) floor = rounded_up(chunk->ends[i], alignment);
    }
  }
  return best < 0 ? floor : best;
}

outcome place_in_order(const component *part, const int32_t *order, bool best_fit, int64_t limit, budget *budget,
                       int64_t *offset, int64_t *peak) {
  // A full chunk leaves halves, so that no more than this are needed.
  size_t most = 2 * (size_t)part->count / CHUNK + 2;
  shelf shelf = {malloc(most * sizeof *shelf.store), malloc((most + 1) * sizeof *shelf.order), 1};
  outcome outcome = OUT_OF_MEMORY;
  if (shelf.store && shelf.order) {
    outcome = SOLVED;
    shelf.order[0] = 0;
    shelf.store[0].count = 0;
    bound_chunk(&shelf.store[0]);
    *peak = 0;
    for (int32_t i = 0; i < part->count && *peak < limit; i++) {
      int32_t index = order[i];
      int64_t work = 0;
      offset[index] = part->fixed[index] != INGOT_PLANNER_FREE ? part->fixed[index]
                                                                : find_gap(&shelf, part, index, best_fit, &work);
      int64_t end = offset[index] + part->size[index];
      if (end > *peak) *peak = end;
      insert(&shelf, part->low[index], part->high[index], offset[index], end);
      if (!spend(budget, work + CHUNK / 2)) {
        outcome = OUT_OF_BUDGET;
        break;
      }
    }
  }
  free(shelf.store);
  free(shelf.order);
  return outcome;
}

// The bytes that no live buffer occupies, in order, apart from each other; the last gap has no end.
typedef struct gaps {
  int64_t *starts, *ends;
  int32_t count;
} gaps;

static void remove_gaps(gaps *gaps, int32_t from, int32_t to) {
  size_t rest = (size_t)(gaps->count - to);
  memmove(gaps->starts + from, gaps->starts + to, rest * sizeof *gaps->starts);
  memmove(gaps->ends + from, gaps->ends + to, rest * sizeof *gaps->ends);
  gaps->count -= to - from;
}

static void insert_gap(gaps *gaps, int32_t at, int64_t start, int64_t end) {
  size_t rest = (size_t)(gaps->count - at);
  memmove(gaps->starts + at + 1, gaps->starts + at, rest * sizeof *gaps->starts);
  memmove(gaps->ends + at + 1, gaps->ends + at, rest * sizeof *gaps->ends);
  gaps->starts[at] = start;
  gaps->ends[at] = end;
  gaps->count++;
}

static int64_t take(gaps *gaps, int64_t size, int64_t alignment, bool best_fit) {
  int32_t best = gaps->count - 1; // for want of another
  int64_t smallest = INT64_MAX;
  for (int32_t i = 0; i < gaps->count - 1; i++) {
    int64_t room = gaps->ends[i] - rounded_up(gaps->starts[i], alignment);
    if (room < size || room >= smallest) continue;
    best = i;
    smallest = room;
    if (!best_fit || room == size) break;
  }
  int64_t start = gaps->starts[best], taken = rounded_up(start, alignment);
  gaps->starts[best] = taken + size;
  if (gaps->starts[best] == gaps->ends[best]) remove_gaps(gaps, best, best + 1);
  if (start < taken) insert_gap(gaps, best, start, taken);
  return taken;
}

static void give_back(gaps *gaps, int64_t start, int64_t end) {
  int32_t from = 0, to = gaps->count;
  while (from < to) {
    int32_t middle = (from + to) / 2;
    if (gaps->ends[middle] >= start) to = middle; else from = middle + 1;
  }
  int32_t after = from;
  for (; after < gaps->count && gaps->starts[after] <= end; after++) {
    start = min64(start, gaps->starts[after]);
    end = max64(end, gaps->ends[after]);
  }
  remove_gaps(gaps, from, after);
  insert_gap(gaps, from, start, end);
}

// Buffers by the section at which they end, as a list for each.
typedef struct endings { int32_t *first, *next; } endings;

static void sort_endings(const component *part, endings *endings) {
  for (int32_t s = 0; s <= part->sections; s++) endings->first[s] = -1;
  for (int32_t i = part->count - 1; i >= 0; i--) {
    endings->next[i] = endings->first[part->high[i]];
    endings->first[part->high[i]] = i;
  }
}

outcome place_in_step_order(const component *part, const int32_t *order, bool best_fit, int64_t limit, budget *budget,
                            int64_t *offset, int64_t *peak) {
  size_t most = (size_t)part->count + 2;
  gaps gaps = {malloc(most * sizeof *gaps.starts), malloc(most * sizeof *gaps.ends), 1};
  endings endings = {malloc(((size_t)part->sections + 1) * sizeof *endings.first), malloc(most * sizeof *endings.next)};
  outcome outcome = OUT_OF_MEMORY;
  if (gaps.starts && gaps.ends && endings.first && endings.next) {
    outcome = SOLVED;
    sort_endings(part, &endings);
    gaps.starts[0] = 0;
    gaps.ends[0] = INT64_MAX;
    *peak = 0;
    int32_t section = 0;
    for (int32_t i = 0; i < part->count && *peak < limit; i++) {
      int32_t index = order[i];
      for (; section < part->low[index]; section++)
        for (int32_t ended = endings.first[section + 1]; ended >= 0; ended = endings.next[ended])
          give_back(&gaps, offset[ended], offset[ended] + part->size[ended]);
      offset[index] = take(&gaps, part->size[index], part->alignment[index], best_fit);
      *peak = max64(*peak, offset[index] + part->size[index]);
      if (!spend(budget, 2 * gaps.count + 16)) {
        outcome = OUT_OF_BUDGET;
        break;
      }
    }
  }
  free(gaps.starts);
  free(gaps.ends);
  free(endings.first);
  free(endings.next);
  return outcome;
}
