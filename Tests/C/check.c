#include "check.h"

#include <stdarg.h>
#include <stdio.h>

static int passed_count, failed_count;

bool check(bool passed, const char *format, ...) {
  if (passed) {
    passed_count++;
    return true;
  }
  if (++failed_count > 100) return false;
  va_list values;
  va_start(values, format);
  printf("FAILED: ");
  vprintf(format, values);
  printf("\n");
  va_end(values);
  return false;
}

int check_summary(void) {
  printf("%d passed, %d failed\n", passed_count, failed_count);
  return failed_count == 0 ? 0 : 1;
}

uint64_t random_next(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}

int64_t random_below(uint64_t *state, int64_t limit) { return (int64_t)(random_next(state) % (uint64_t)limit); }

double random_between(uint64_t *state, double low, double high) {
  return low + (high - low) * (double)(random_next(state) >> 11) * 0x1p-53;
}
