/* A stable sort without recursion: runs of doubling length are merged back and forth. */
#include "internal.h"

/* Merges two sorted runs, [first, middle) and [middle, end), into the same places of `to`. */
static void merge_runs(const int64_t *from, int64_t *to, int64_t first, int64_t middle, int64_t end, kernel_before before,
                       const void *context) {
  int64_t left = first, right = middle;
  for (int64_t i = first; i < end; i++) {
    const int take_right = left == middle || (right < end && before(context, from[right], from[left]));
    to[i] = take_right ? from[right++] : from[left++];
  }
}

void kernel_sort(int64_t *numbers, int64_t *spare, int64_t count, kernel_before before, const void *context) {
  int64_t *from = numbers, *to = spare;
  for (int64_t length = 1; length < count; length *= 2) {
    for (int64_t first = 0; first < count; first += 2 * length) {
      const int64_t middle = kernel_least(first + length, count), end = kernel_least(first + 2 * length, count);
      merge_runs(from, to, first, middle, end, before, context);
    }
    int64_t *const merged = to;
    to = from;
    from = merged;
  }
  if (from != numbers) memcpy(numbers, from, (size_t)count * sizeof *numbers);
}
