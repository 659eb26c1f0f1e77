/* Which loops an instruction lies in, while a program is checked from front to back. */
#ifndef INGOT_CHECK_LOOP_H
#define INGOT_CHECK_LOOP_H

#include "internal.h"

typedef struct {
  ingot_loop loops[INGOT_MAX_LOOP_DEPTH];
  uint64_t executions[INGOT_MAX_LOOP_DEPTH]; /* how often each loop's body runs in all */
  uint32_t depth;
  uint64_t total; /* instructions that a run executes */
  uint64_t multiply_adds; /* that they make */
} ingot_nesting;

/* Where a LOOP whose attributes are valid may stand. It becomes the innermost loop. */
ingot_status ingot_check_loop(const ingot_checker *c, ingot_nesting *nesting);
/* Counts what a run does at any other instruction, whose rules hold, and leaves the loops that end behind it. */
ingot_status ingot_count_work(const ingot_checker *c, ingot_nesting *nesting);

#endif
