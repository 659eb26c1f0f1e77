#include "memory.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>

void memory_keep_freed(void) {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, 512 << 20);
  mallopt(M_TOP_PAD, 64 << 20);
  mallopt(M_ARENA_MAX, 1);
}
#else
void memory_keep_freed(void) {}
#endif
