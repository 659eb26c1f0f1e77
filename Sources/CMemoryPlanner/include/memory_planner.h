// Offsets for buffers that live for a time, so that those that are live at once share no byte: the hot loops of the memory
// planner. Knows only intervals and sizes.
#ifndef INGOT_MEMORY_PLANNER_H
#define INGOT_MEMORY_PLANNER_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// What no buffer is fixed at.
#define INGOT_PLANNER_FREE (-1)
// As much work as there is time for.
#define INGOT_PLANNER_UNLIMITED INT64_MAX

typedef struct ingot_planner_buffer {
  int64_t size;      // bytes, a multiple of the alignment; all sizes and alignments together fit an int64_t
  int64_t alignment; // of the offset, at least 1
  int64_t first;     // the first step at which it is live
  int64_t last;      // the last one, inclusive
  int64_t fixed;     // the offset it must have, or INGOT_PLANNER_FREE
} ingot_planner_buffer;

typedef struct ingot_planner ingot_planner;

// Takes a copy of the buffers, and finds the lower bound and a first plan. NULL if there is not enough memory.
ingot_planner *ingot_planner_create(const ingot_planner_buffer *buffers, int32_t count);
void ingot_planner_destroy(ingot_planner *planner);

// Lowers the peak until it is at most `goal`, or proven, or about `work` elementary steps (a nanosecond or two each) are
// done, or `stop` (NULL: never), asked every millisecond or so, says true. What it finds depends on the buffers and on the
// goals and work of all calls so far only, unless `stop` ends it. False if there was not enough memory to go on; what has been
// found by then stays.
bool ingot_planner_improve(ingot_planner *planner, int64_t goal, int64_t work, bool (*stop)(void *context), void *context);

// The best plan so far.
int64_t ingot_planner_peak(const ingot_planner *planner);
// What no plan can be smaller than: the peak itself once that is proven.
int64_t ingot_planner_bound(const ingot_planner *planner);
// One for each buffer.
const int64_t *ingot_planner_offsets(const ingot_planner *planner);

#ifdef __cplusplus
}
#endif

#endif
