/* A kernel of one instruction set, called without the interpreter. */
#ifndef RUN_KERNEL_H
#define RUN_KERNEL_H

#include "kernels.h"

#include <stdlib.h>

static inline void run_kernel(const kernel_table *table, int kernel, const void *arguments) {
  const kernel_entry entry = kernel_find(table, kernel);
  const kernel_work work = entry.work(arguments);
  void *scratch = aligned_alloc(64, (work.scratch_bytes + 63) / 64 * 64 + 64);
  entry.run(arguments, 0, work.items, scratch);
  free(scratch);
}

#endif
