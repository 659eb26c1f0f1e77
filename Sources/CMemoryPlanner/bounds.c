// What follows for unplaced buffers from those that are placed.
//
// In each section the buffers stand on each other, as operations follow each other on a machine: bounds on their offsets follow
// from which can be the lowest and which the highest. All bounds hold for those solutions in which no buffer could lie lower; if
// there is any solution there is such a one, and the search finds its buffers from the bottom up.
#include "search.h"

#include <stdlib.h>

void set_value(struct search *search, int64_t *place, int64_t value) {
  if (search->trail_count == search->trail_capacity) {
    // 256 MB. More than that was never seen, so it may end the search.
    int32_t capacity = search->trail_capacity * 2;
    change *trail = capacity > 1 << 24 ? NULL : realloc(search->trail, (size_t)capacity * sizeof *trail);
    if (!trail) {
      search->is_out_of_memory = true;
      return;
    }
    search->trail = trail;
    search->trail_capacity = capacity;
  }
  search->trail[search->trail_count++] = (change){(int32_t)(place - search->value), *place};
  *place = value;
}

void enqueue_section(struct search *search, int32_t section) {
  if (search->is_queued[section]) return;
  search->is_queued[section] = true;
  int32_t tail = search->queue_head + search->queue_count++;
  search->queue[tail >= search->part->sections ? tail - search->part->sections : tail] = section;
}

static int32_t dequeue_section(struct search *search) {
  int32_t section = search->queue[search->queue_head++];
  if (search->queue_head == search->part->sections) search->queue_head = 0;
  search->queue_count--;
  search->is_queued[section] = false;
  return section;
}

static void note_change(struct search *search, int32_t index) {
  for (int32_t s = search->part->low[index]; s < search->part->high[index]; s++) enqueue_section(search, s);
  if (search->is_changed[index]) return;
  search->is_changed[index] = true;
  search->changed[search->changed_count++] = index;
}

static void clear_queues(struct search *search) {
  while (search->queue_count > 0) dequeue_section(search);
  while (search->changed_count > 0) search->is_changed[search->changed[--search->changed_count]] = false;
}

// Nothing fits any more where these are live: later attempts place them earlier.
static bool fail_in_section(struct search *search, int32_t section) {
  for (int32_t i = search->cover_start[section]; i < search->cover_start[section + 1]; i++)
    if (!search->is_placed[search->cover[i]]) search->blame[search->cover[i]]++;
  return false;
}

static bool fail_at_buffer(struct search *search, int32_t index) {
  for (int32_t s = search->part->low[index]; s < search->part->high[index]; s++) fail_in_section(search, s);
  return false;
}

bool raise_least(struct search *search, int32_t index, int64_t value) {
  if (value <= search->least[index]) return true;
  value = rounded_up(value, search->part->alignment[index]);
  if (value > search->most[index]) return fail_at_buffer(search, index);
  set_value(search, &search->least[index], value);
  note_change(search, index);
  return true;
}

bool lower_most(struct search *search, int32_t index, int64_t value) {
  if (value >= search->most[index]) return true;
  if (value < search->least[index]) return fail_at_buffer(search, index);
  int64_t alignment = search->part->alignment[index];
  if (alignment > 1) value -= value % alignment;
  if (value < search->least[index]) return fail_at_buffer(search, index);
  set_value(search, &search->most[index], value);
  note_change(search, index);
  return true;
}

// The smallest or largest of some values, whose it is, and what it is without that one.
typedef struct extreme {
  int64_t value, other;
  int32_t index;
} extreme;

static inline void take_smaller(extreme *extreme, int32_t index, int64_t value) {
  if (value < extreme->value) {
    extreme->other = extreme->value;
    extreme->value = value;
    extreme->index = index;
  } else if (value < extreme->other) {
    extreme->other = value;
  }
}

static inline void take_larger(extreme *extreme, int32_t index, int64_t value) {
  if (value > extreme->value) {
    extreme->other = extreme->value;
    extreme->value = value;
    extreme->index = index;
  } else if (value > extreme->other) {
    extreme->other = value;
  }
}

static inline int64_t without(const extreme *extreme, int32_t index) {
  return index == extreme->index ? extreme->other : extreme->value;
}

// Which of a section's buffers can be the lowest or the highest, and what that means for the others.
static bool look_at_section(struct search *search, int32_t section) {
  const int64_t *size = search->part->size;
  int64_t left = search->left[section];
  extreme lowest = {INT64_MAX, INT64_MAX, -1}, lowest_end = lowest;
  extreme highest = {-1, -1, -1}, highest_end = highest;
  int32_t count = 0, begin = search->cover_start[section], end = search->cover_start[section + 1];
  for (int32_t i = begin; i < end; i++) {
    int32_t index = search->cover[i];
    if (search->is_placed[index]) continue;
    count++;
    take_smaller(&lowest, index, search->least[index]);
    take_smaller(&lowest_end, index, search->least[index] + size[index]);
    take_larger(&highest, index, search->most[index]);
    take_larger(&highest_end, index, search->most[index] + size[index]);
  }
  if (count == 0) return true;
  if (lowest.value + left > highest_end.value) return fail_in_section(search, section);
  if (count == 1) return true;
  bool has_lowest = lowest.other + left > highest_end.value, has_highest = lowest.value + left > highest_end.other;
  if (has_lowest && !lower_most(search, lowest.index, highest_end.value - left)) return false;
  if (has_highest && !raise_least(search, highest_end.index, lowest.value + left - size[highest_end.index])) return false;
  int64_t after_lowest = has_lowest ? search->least[lowest.index] + size[lowest.index] : 0;
  int64_t before_highest = has_highest ? search->most[highest_end.index] : INT64_MAX;
  for (int32_t i = begin; i < end; i++) {
    int32_t index = search->cover[i];
    if (search->is_placed[index]) continue;
    int64_t from = search->least[index], to = search->most[index];
    if (has_lowest && index != lowest.index) from = max64(from, after_lowest);
    if (has_highest && index != highest_end.index) to = min64(to, before_highest - size[index]);
    if (search->least[index] + left > without(&highest_end, index)) from = max64(from, without(&lowest_end, index));
    if (without(&lowest, index) + left > search->most[index] + size[index])
      to = min64(to, without(&highest, index) - size[index]);
    if (!raise_least(search, index, from) || !lower_most(search, index, to)) return false;
  }
  return true;
}

// Of two buffers that meet, one lies above the other.
static bool look_at_pairs(struct search *search, int32_t index) {
  const int64_t *size = search->part->size;
  for (int32_t i = search->neighbor_start[index]; i < search->neighbor_start[index + 1]; i++) {
    int32_t other = search->neighbors[i];
    if (search->is_placed[other]) continue;
    bool can_be_above = search->least[other] + size[other] <= search->most[index];
    bool can_be_below = search->least[index] + size[index] <= search->most[other];
    if (can_be_above && can_be_below) continue;
    if (!can_be_above && !can_be_below) return fail_at_buffer(search, other);
    int32_t below = can_be_above ? other : index, above = can_be_above ? index : other;
    if (!raise_least(search, above, search->least[below] + size[below])
        || !lower_most(search, below, search->most[above] - size[below]))
      return false;
  }
  return true;
}

// What would have lain lower than what is placed next has to rest on another unplaced buffer.
static bool rest_on_others(struct search *search, int32_t index) {
  const int64_t *size = search->part->size;
  int64_t lowest = INT64_MAX;
  int32_t i = search->neighbor_start[index], end = search->neighbor_start[index + 1];
  for (; i < end; i++) {
    int32_t other = search->neighbors[i];
    if (search->is_placed[other]) continue;
    lowest = min64(lowest, search->least[other] + size[other]);
    if (lowest <= search->least[index]) return true;
  }
  return lowest != INT64_MAX && raise_least(search, index, lowest);
}

static bool start_from_height(
  struct search *search, int32_t first, int32_t end, int64_t height, int32_t height_rank
) {
  const int64_t *size = search->part->size;
  for (int32_t i = first; i < end; i = search->next[i]) {
    // It could lie below all that are still to come.
    if (search->floor[i] + size[i] <= height) return false;
    if (!raise_least(search, i, max64(height, search->floor[i]))) return false;
  }
  int64_t work = 0;
  for (int32_t i = first; i < end; i = search->next[i]) {
    work += 4;
    bool was_passed = search->floor[i] < height || (search->floor[i] == height && search->rank[i] <= height_rank);
    if (was_passed && !rest_on_others(search, i)) return false;
  }
  spend(search->budget, work);
  return true;
}

// Where bounds creep up by a byte or so at a time it isn't worth while to follow them to their end.
enum { LOOKS = 16 };

static bool conclude(struct search *search) {
  int64_t looks = LOOKS * ((int64_t)search->part->sections + search->part->count);
  bool is_possible = true;
  while (is_possible && (search->queue_count > 0 || search->changed_count > 0) && looks-- > 0) {
    int64_t work;
    if (search->queue_count > 0) {
      int32_t section = dequeue_section(search);
      work = 4 * (int64_t)(search->cover_start[section + 1] - search->cover_start[section]);
      is_possible = look_at_section(search, section);
    } else {
      int32_t index = search->changed[--search->changed_count];
      search->is_changed[index] = false;
      work = 2 * (int64_t)(search->neighbor_start[index + 1] - search->neighbor_start[index]);
      is_possible = look_at_pairs(search, index);
    }
    if (!spend(search->budget, work)) break;
  }
  return is_possible;
}

bool propagate(struct search *search, int32_t first, int32_t end, int64_t height, int32_t height_rank) {
  bool is_possible = start_from_height(search, first, end, height, height_rank) && conclude(search);
  clear_queues(search);
  return is_possible && !search->is_out_of_memory;
}
