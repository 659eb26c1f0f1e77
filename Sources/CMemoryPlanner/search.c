// A search for a plan of at most a capacity that finds one or shows that there is none.
//
// It places buffers from the bottom up, each where it comes to rest on those before it. Every plan can be lowered until each
// buffer rests on others, and such a plan is built in just one order, that of its offsets; among equal offsets the order of
// branching decides. What is left between two placements may fall apart in time; then each part is a goal of its own, and the
// failure of one isn't blamed on how another was solved.
#include "search.h"

#include <stdlib.h>
#include <string.h>

enum { LARGEST_COUNT = 4096, LARGEST_PAIRS = 1 << 22, LARGEST_COVER = 1 << 22 };

static int64_t cover_of(const component *part) {
  int64_t cover = 0;
  for (int32_t i = 0; i < part->count; i++) cover += part->high[i] - part->low[i];
  return cover;
}

bool is_searchable(const component *part) {
  return !part->has_fixed && part->count <= LARGEST_COUNT && part->pairs <= LARGEST_PAIRS && cover_of(part) <= LARGEST_COVER;
}

static void fill_neighbors(struct search *search) {
  const component *part = search->part;
  int32_t used = 0;
  for (int32_t i = 0; i < part->count; i++) {
    search->neighbor_start[i] = used;
    for (int32_t other = 0; other < part->count && part->low[other] < part->high[i]; other++)
      if (other != i && meet(part, i, other)) search->neighbors[used++] = other;
  }
  search->neighbor_start[part->count] = used;
}

static void fill_cover(struct search *search) {
  const component *part = search->part;
  memset(search->cover_start, 0, ((size_t)part->sections + 2) * sizeof *search->cover_start);
  for (int32_t i = 0; i < part->count; i++)
    for (int32_t s = part->low[i]; s < part->high[i]; s++) search->cover_start[s + 2]++;
  for (int32_t s = 0; s < part->sections; s++) search->cover_start[s + 2] += search->cover_start[s + 1];
  for (int32_t i = 0; i < part->count; i++)
    for (int32_t s = part->low[i]; s < part->high[i]; s++) search->cover[search->cover_start[s + 1]++] = i;
}

struct search *search_create(const component *part) {
  struct search *search = calloc(1, sizeof *search);
  if (!search) return NULL;
  size_t n = (size_t)part->count, m = (size_t)part->sections;
  search->part = part;
  search->neighbor_start = malloc((n + 1) * sizeof *search->neighbor_start);
  search->neighbors = malloc((2 * (size_t)part->pairs + 1) * sizeof *search->neighbors);
  search->cover_start = malloc((m + 2) * sizeof *search->cover_start);
  search->cover = malloc(((size_t)cover_of(part) + 1) * sizeof *search->cover);
  search->value = malloc(3 * n * sizeof *search->value);
  search->left = malloc(m * sizeof *search->left);
  search->is_placed = malloc(n * sizeof *search->is_placed);
  search->next = malloc((n + 1) * sizeof *search->next);
  search->previous = malloc((n + 1) * sizeof *search->previous);
  search->offset = malloc(n * sizeof *search->offset);
  search->rank = malloc(n * sizeof *search->rank);
  search->weight = calloc(n, sizeof *search->weight);
  search->blame = calloc(n, sizeof *search->blame);
  search->trail_capacity = 4 * part->count + 64;
  search->trail = malloc((size_t)search->trail_capacity * sizeof *search->trail);
  search->placed = malloc(n * sizeof *search->placed);
  search->frames = malloc(n * sizeof *search->frames);
  search->goals = malloc((n + 1) * sizeof *search->goals);
  search->queue = malloc(m * sizeof *search->queue);
  search->is_queued = calloc(m, sizeof *search->is_queued);
  search->changed = malloc(n * sizeof *search->changed);
  search->is_changed = calloc(n, sizeof *search->is_changed);
  search->failure_mask = (1 << 16) - 1;
  search->failures = calloc(search->failure_mask + 1, sizeof *search->failures);
  search->entries = malloc(n * sizeof *search->entries);
  if (!search->neighbor_start || !search->neighbors || !search->cover_start || !search->cover || !search->value
      || !search->left || !search->is_placed || !search->next || !search->previous || !search->offset || !search->rank
      || !search->weight || !search->blame || !search->trail || !search->placed || !search->frames || !search->goals
      || !search->queue || !search->is_queued || !search->changed || !search->is_changed || !search->failures
      || !search->entries) {
    search_destroy(search);
    return NULL;
  }
  search->floor = search->value;
  search->least = search->value + n;
  search->most = search->value + 2 * n;
  fill_neighbors(search);
  fill_cover(search);
  return search;
}

void search_destroy(struct search *search) {
  if (!search) return;
  free(search->neighbor_start);
  free(search->neighbors);
  free(search->cover_start);
  free(search->cover);
  free(search->value);
  free(search->left);
  free(search->is_placed);
  free(search->next);
  free(search->previous);
  free(search->offset);
  free(search->rank);
  free(search->weight);
  free(search->blame);
  free(search->trail);
  free(search->placed);
  free(search->frames);
  free(search->goals);
  free(search->queue);
  free(search->is_queued);
  free(search->changed);
  free(search->is_changed);
  free(search->failures);
  free(search->entries);
  free(search);
}

// What has failed most comes first; of the rest, by turns, what is large in one sense or another.
static void choose_ranks(struct search *search) {
  const component *part = search->part;
  for (int32_t i = 0; i < part->count; i++) {
    double load = 0;
    for (int32_t s = part->low[i]; s < part->high[i]; s++)
      if ((double)search->left[s] > load) load = (double)search->left[s];
    double lifetime = part->high[i] - part->low[i], size = (double)part->size[i];
    keyed *entry = &search->entries[i];
    entry->index = i;
    entry->keys[0] = search->weight[i];
    switch (search->attempt % 5) {
    case 1: entry->keys[1] = lifetime, entry->keys[2] = size; break;
    case 2: entry->keys[1] = load, entry->keys[2] = size * lifetime; break;
    case 3: entry->keys[1] = load, entry->keys[2] = lifetime; break;
    case 4: entry->keys[1] = size * lifetime, entry->keys[2] = load; break;
    default: entry->keys[1] = size, entry->keys[2] = lifetime; break;
    }
  }
  sort_keyed(search->entries, part->count);
  for (int32_t i = 0; i < part->count; i++) search->rank[search->entries[i].index] = i;
}

static void start(struct search *search, int64_t capacity) {
  const component *part = search->part;
  int32_t n = part->count;
  search->capacity = capacity;
  search->attempt++;
  search->is_out_of_memory = false;
  search->trail_count = search->placed_count = search->frame_count = 0;
  memset(search->left, 0, (size_t)part->sections * sizeof *search->left);
  for (int32_t i = 0; i < n; i++) {
    search->is_placed[i] = false;
    search->floor[i] = search->least[i] = 0;
    int64_t most = capacity - part->size[i];
    search->most[i] = most - most % part->alignment[i];
    search->blame[i] = 0;
    for (int32_t s = part->low[i]; s < part->high[i]; s++) search->left[s] += part->size[i];
  }
  for (int32_t i = 0; i <= n; i++) {
    search->next[i] = i == n ? 0 : i + 1;
    search->previous[i] = i == 0 ? n : i - 1;
  }
  choose_ranks(search);
  search->goals[0] = (goal){0, n, -1};
  search->goal_count = 1;
}

// Takes what has failed in this attempt into account for the next.
static void remember_blame(struct search *search) {
  int64_t most = 1;
  for (int32_t i = 0; i < search->part->count; i++) most = max64(most, search->blame[i]);
  for (int32_t i = 0; i < search->part->count; i++)
    search->weight[i] = 0.95 * search->weight[i] + (double)search->blame[i] / (double)most;
}

static void place(struct search *search, int32_t index, int64_t offset, bool *is_harmless) {
  const component *part = search->part;
  search->is_placed[index] = true;
  search->offset[index] = offset;
  search->placed[search->placed_count++] = index;
  search->next[search->previous[index]] = search->next[index];
  search->previous[search->next[index]] = search->previous[index];
  for (int32_t s = part->low[index]; s < part->high[index]; s++) {
    search->left[s] -= part->size[index];
    enqueue_section(search, s);
  }
  *is_harmless = true;
  for (int32_t i = search->neighbor_start[index]; i < search->neighbor_start[index + 1]; i++) {
    int32_t other = search->neighbors[i];
    if (search->is_placed[other]) continue;
    int64_t end = rounded_up(offset + part->size[index], part->alignment[other]);
    if (search->floor[other] >= end) continue;
    *is_harmless = false;
    set_value(search, &search->floor[other], end);
  }
}

static void undo(struct search *search, const frame *frame) {
  const component *part = search->part;
  while (search->trail_count > frame->trail) {
    change change = search->trail[--search->trail_count];
    search->value[change.slot] = change.old;
  }
  while (search->placed_count > frame->placed) {
    int32_t index = search->placed[--search->placed_count];
    search->is_placed[index] = false;
    search->next[search->previous[index]] = index;
    search->previous[search->next[index]] = index;
    for (int32_t s = part->low[index]; s < part->high[index]; s++) search->left[s] += part->size[index];
  }
  search->goal_count = frame->goals;
}

static uint64_t mixed(uint64_t value) {
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

// What a goal's solutions depend on besides the height: which buffers are left, and what they would rest on.
static uint64_t key_of(const struct search *search, const goal *goal) {
  uint64_t key = 0;
  for (int32_t i = goal->first; i < goal->end; i = search->next[i])
    key += mixed((uint64_t)(i + 1) * 0x9E3779B97F4A7C15u ^ (uint64_t)search->floor[i]);
  return key;
}

static bool has_failed(const struct search *search, const frame *frame) {
  const failure *failure = &search->failures[frame->key & search->failure_mask];
  return failure->key == frame->key && failure->attempt == search->attempt
         && (failure->height < frame->height
             || (failure->height == frame->height && failure->height_rank <= frame->height_rank));
}

static void remember_failure(struct search *search, const frame *frame) {
  search->failures[frame->key & search->failure_mask] =
    (failure){frame->key, frame->height, frame->height_rank, search->attempt};
}

// The next buffer to try for a frame's goal, lowest first; -1 if there is none.
static int32_t next_candidate(struct search *search, const frame *frame) {
  const int64_t *size = search->part->size;
  int64_t roof = INT64_MAX; // what lies as high leaves room for another below it
  int32_t work = 0, best = -1;
  for (int32_t i = frame->goal.first; i < frame->goal.end; i = search->next[i]) {
    roof = min64(roof, search->floor[i] + size[i]);
    work += 3;
  }
  for (int32_t i = frame->goal.first; i < frame->goal.end; i = search->next[i]) {
    int64_t floor = search->floor[i];
    if (floor >= roof || floor < search->least[i] || floor > search->most[i]) continue;
    if (floor < frame->tried || (floor == frame->tried && search->rank[i] <= frame->tried_rank)) continue;
    if (best < 0 || floor < search->floor[best]
        || (floor == search->floor[best] && search->rank[i] < search->rank[best]))
      best = i;
  }
  spend(search->budget, work);
  return best;
}

// Makes goals of what a placement has left, each part by itself, the one with the fewest buffers to be worked on first.
static void push_goals(struct search *search, int32_t first, int32_t end, int32_t parent) {
  const component *part = search->part;
  int32_t begin = search->goal_count, count = 0, high = 0;
  int32_t counts_first = first;
  goal open = {first, end, parent};
  for (int32_t i = first;; i = search->next[i]) {
    if (count > 0 && (i >= end || part->low[i] >= high)) {
      open.first = counts_first;
      open.end = i < end ? i : end;
      search->goals[search->goal_count++] = open;
      counts_first = i;
      count = 0;
    }
    if (i >= end) break;
    count++;
    if (part->high[i] > high) high = part->high[i];
  }
  // Index ranges stand in for counts.
  for (int32_t i = begin + 1; i < search->goal_count; i++) {
    goal moved = search->goals[i];
    int32_t at = i;
    for (; at > begin && search->goals[at - 1].end - search->goals[at - 1].first < moved.end - moved.first; at--)
      search->goals[at] = search->goals[at - 1];
    search->goals[at] = moved;
  }
}

// Places one candidate after the other for the last frame until one leaves goals that look possible. False if none does.
static bool advance(struct search *search) {
  int32_t number = search->frame_count - 1;
  frame *frame = &search->frames[number];
  for (;;) {
    if (frame->is_harmless) return false;
    int32_t index = next_candidate(search, frame);
    if (index < 0) return false;
    frame->tried = search->floor[index];
    frame->tried_rank = search->rank[index];
    frame->trail = search->trail_count;
    frame->placed = search->placed_count;
    frame->goals = search->goal_count;
    int32_t first = index == frame->goal.first ? search->next[index] : frame->goal.first;
    place(search, index, frame->tried, &frame->is_harmless);
    if (propagate(search, first, frame->goal.end, frame->tried, frame->tried_rank)) {
      push_goals(search, first, frame->goal.end, number);
      return true;
    }
    undo(search, frame);
    if (search->is_out_of_memory || search->budget->left <= 0 || search->budget->stopped) return false;
  }
}

// Steps back to the placement that left the goal of the last frame. False if there is none.
static bool step_back(struct search *search) {
  const frame *failed = &search->frames[search->frame_count - 1];
  remember_failure(search, failed);
  int32_t parent = failed->goal.parent;
  search->frame_count = parent + 1;
  if (parent < 0) return false;
  undo(search, &search->frames[parent]);
  return true;
}

static void open_frame(struct search *search) {
  goal goal = search->goals[--search->goal_count];
  frame *frame = &search->frames[search->frame_count++];
  frame->goal = goal;
  frame->height = goal.parent < 0 ? 0 : search->frames[goal.parent].tried;
  frame->height_rank = goal.parent < 0 ? -1 : search->frames[goal.parent].tried_rank;
  frame->tried = frame->height;
  frame->tried_rank = frame->height_rank;
  frame->is_harmless = false;
  frame->key = key_of(search, &goal);
}

static outcome branch(struct search *search) {
  for (int32_t s = 0; s < search->part->sections; s++) enqueue_section(search, s);
  if (!propagate(search, 0, search->part->count, 0, -1)) return search->is_out_of_memory ? OUT_OF_MEMORY : IMPOSSIBLE;
  while (search->goal_count > 0) {
    open_frame(search);
    bool is_open = !has_failed(search, &search->frames[search->frame_count - 1]) && advance(search);
    while (!is_open) {
      if (search->is_out_of_memory) return OUT_OF_MEMORY;
      if (search->budget->left <= 0 || search->budget->stopped) return OUT_OF_BUDGET;
      if (!step_back(search)) return IMPOSSIBLE;
      is_open = advance(search);
    }
  }
  return SOLVED;
}

outcome search_run(struct search *search, int64_t capacity, budget *budget, int64_t *offset) {
  for (int32_t i = 0; i < search->part->count; i++)
    if (search->part->size[i] > capacity) return IMPOSSIBLE;
  search->budget = budget;
  start(search, capacity);
  outcome outcome = branch(search);
  if (outcome == SOLVED) memcpy(offset, search->offset, (size_t)search->part->count * sizeof *offset);
  remember_blame(search);
  return outcome;
}
