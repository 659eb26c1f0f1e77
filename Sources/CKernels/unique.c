/* The different rows of a matrix, by sorting the rows' numbers. */
#include "internal.h"

kernel_work kernel_unique_work(const void *arguments) {
  const kernel_unique *p = arguments;
  return (kernel_work){1, 2 * (size_t)p->rows * sizeof(int64_t)};
}

/* Less than, equal to or more than 0 as row a comes before b, equals it or comes after it. */
static int unique_compare(const kernel_unique *p, int64_t a, int64_t b) {
  for (int64_t j = 0; j < p->columns; j++) {
    const int64_t left = kernel_order_key(p->x, p->element, a * p->columns + j);
    const int64_t right = kernel_order_key(p->x, p->element, b * p->columns + j);
    if (left != right) return left < right ? -1 : 1;
  }
  return 0;
}

static int unique_before(const void *arguments, int64_t a, int64_t b) { return unique_compare(arguments, a, b) < 0; }

/* Replaces the numbers of sorted rows by `first`: for each row of x the first row that equals it. */
static void unique_first(const kernel_unique *p, const int64_t *order, int64_t *first) {
  int64_t leader = 0;
  for (int64_t i = 0; i < p->rows; i++) {
    /* The sort is stable, so that the first of equal rows leads them. */
    if (i == 0 || unique_compare(p, leader, order[i]) != 0) leader = order[i];
    first[order[i]] = leader;
  }
}

void kernel_unique_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_unique *p = arguments;
  if (begin == end) return;
  int64_t *order = scratch, *first = order + p->rows, count = 0;
  for (int64_t i = 0; i < p->rows; i++) order[i] = i;
  kernel_sort(order, first, p->rows, unique_before, p);
  unique_first(p, order, first);
  for (int64_t i = 0; i < p->rows; i++) p->positions[i] = p->counts[i] = 0;
  for (int64_t i = 0; i < p->rows; i++) {
    const int64_t row = p->sorted ? order[i] : i;
    if (first[row] == row) {
      p->positions[count] = row;
      p->inverse[row] = count++;
    }
    p->inverse[row] = p->inverse[first[row]];
    p->counts[p->inverse[row]]++;
  }
  *p->count = count;
}
