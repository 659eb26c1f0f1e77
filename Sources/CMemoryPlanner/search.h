// The state of a search, which its bounds and its branching share.
#ifndef INGOT_MEMORY_PLANNER_SEARCH_H
#define INGOT_MEMORY_PLANNER_SEARCH_H

#include "internal.h"

#include <stddef.h>

// Unplaced buffers that no other unplaced one connects with in time: those of a range of indices that are still linked.
typedef struct goal {
  int32_t first, end;
  int32_t parent; // the frame whose placement left it; -1 for the whole
} goal;

// A goal that is being worked on, and the buffer that is tried for it.
typedef struct frame {
  goal goal;
  int64_t height;      // offset of the buffer placed before: later ones lie no lower
  int32_t height_rank; // and, where they lie as low, come later in the order
  int64_t tried;       // offset and rank of the last candidate
  int32_t tried_rank;
  bool is_harmless;    // whether it takes nothing away from others, so that no other needs to be tried
  int32_t trail, placed, goals; // how much there was of each before the candidate was placed
  uint64_t key;
} frame;

typedef struct change { int32_t slot; int64_t old; } change;

typedef struct failure {
  uint64_t key;
  int64_t height;
  int32_t height_rank;
  int32_t attempt;
} failure;

struct search {
  const component *part;
  int64_t capacity;
  int32_t *neighbor_start, *neighbors; // the buffers that each one meets
  int32_t *cover_start, *cover;        // the buffers that are live in each section
  int64_t *value;                      // floors, then least, then most offsets
  int64_t *floor;                      // where each would come to rest on what is placed
  int64_t *least, *most;               // what is known of its offset in every solution below the current frame
  int64_t *left;                       // bytes of unplaced buffers in each section
  bool *is_placed;
  int32_t *next, *previous;            // unplaced buffers by index; the count is head and tail
  int64_t *offset;
  int32_t *rank;                       // place of each in the order of branching
  double *weight;                      // how much each has been part of failures, of late
  int64_t *blame;                      // how often in this attempt
  change *trail;
  int32_t trail_count, trail_capacity;
  bool is_out_of_memory;
  int32_t *placed;
  int32_t placed_count;
  frame *frames;
  int32_t frame_count;
  goal *goals;
  int32_t goal_count;
  int32_t *queue;                      // sections to look at again: a ring
  int32_t queue_head, queue_count;
  bool *is_queued;
  int32_t *changed;                    // buffers whose bounds have changed
  int32_t changed_count;
  bool *is_changed;
  failure *failures;                   // a hash table of what was found to be impossible
  uint64_t failure_mask;
  int32_t attempt;
  keyed *entries;
  budget *budget;
};

// bounds.c

// Remembers a value for when the search steps back, and sets it.
void set_value(struct search *search, int64_t *place, int64_t value);
// An offset is at least, or at most, this; false if there is none.
bool raise_least(struct search *search, int32_t index, int64_t value);
bool lower_most(struct search *search, int32_t index, int64_t value);
void enqueue_section(struct search *search, int32_t section);
// Draws conclusions for the unplaced buffers of a range, now that whatever is placed next lies at `height` or above. False if
// they can't be placed.
bool propagate(struct search *search, int32_t first, int32_t end, int64_t height, int32_t height_rank);

#endif
