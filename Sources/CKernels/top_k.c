/* The best elements along an axis, by a heap of the best so far. */
#include "internal.h"

#define TOP_K_COLUMNS 16

kernel_work kernel_top_k_work(const void *arguments) {
  const kernel_top_k *p = arguments;
  return (kernel_work){p->outer * kernel_ceil_divide(p->inner, TOP_K_COLUMNS),
                       (size_t)(p->extent + p->k) * sizeof(int64_t)};
}

/* Larger for better elements. */
static int64_t top_k_key(const kernel_top_k *p, int64_t at) {
  const int64_t key = kernel_order_key(p->x, p->element, at);
  return p->least ? ~key : key;
}

static int top_k_better(const int64_t *keys, int64_t a, int64_t b) {
  return keys[a] != keys[b] ? keys[a] > keys[b] : a < b;
}

/* Moves the entry at the root down until no child is worse. */
static void top_k_sift(const int64_t *keys, int64_t *heap, int64_t root, int64_t count) {
  const int64_t moved = heap[root];
  for (int64_t child = 2 * root + 1; child < count; child = 2 * root + 1) {
    if (child + 1 < count && top_k_better(keys, heap[child], heap[child + 1])) child++;
    if (!top_k_better(keys, moved, heap[child])) break;
    heap[root] = heap[child];
    root = child;
  }
  heap[root] = moved;
}

/* Fills heap with the positions of the k best, best first. */
static void top_k_choose(const int64_t *keys, int64_t extent, int64_t *heap, int64_t k) {
  for (int64_t i = 0; i < k; i++) heap[i] = i;
  for (int64_t i = k / 2; i-- > 0;) top_k_sift(keys, heap, i, k);
  for (int64_t i = k; i < extent; i++) {
    if (!top_k_better(keys, i, heap[0])) continue;
    heap[0] = i;
    top_k_sift(keys, heap, 0, k);
  }
  for (int64_t last = k - 1; last > 0; last--) {
    const int64_t worst = heap[0];
    heap[0] = heap[last];
    heap[last] = worst;
    top_k_sift(keys, heap, 0, last);
  }
}

void kernel_top_k_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_top_k *p = arguments;
  int64_t *keys = scratch, *heap = keys + p->extent;
  const int64_t chunks = kernel_ceil_divide(p->inner, TOP_K_COLUMNS), bytes = kernel_element_bytes(p->element);
  for (int64_t item = begin; item < end; item++) {
    const int64_t outer = item / chunks, first = item % chunks * TOP_K_COLUMNS;
    for (int64_t j = first; j < kernel_least(first + TOP_K_COLUMNS, p->inner); j++) {
      for (int64_t i = 0; i < p->extent; i++) keys[i] = top_k_key(p, (outer * p->extent + i) * p->inner + j);
      top_k_choose(keys, p->extent, heap, p->k);
      for (int64_t i = 0; i < p->k; i++) {
        const int64_t to = (outer * p->k + i) * p->inner + j;
        memcpy((char *)p->values + to * bytes, kernel_at(p->x, p->element, (outer * p->extent + heap[i]) * p->inner + j),
               (size_t)bytes);
        p->positions[to] = heap[i];
      }
    }
  }
}
