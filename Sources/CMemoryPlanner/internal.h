// What the parts of the memory planner share.
#ifndef INGOT_MEMORY_PLANNER_INTERNAL_H
#define INGOT_MEMORY_PLANNER_INTERNAL_H

#include "memory_planner.h"

// Buffers that no other buffer of the problem connects with in time: they are placed by themselves. Their time is cut into
// sections, one for each largest set of buffers live at once, so that two buffers meet if and only if they share a section.
typedef struct component {
  int32_t count;
  int32_t sections;
  const int32_t *source;    // index of each buffer in the problem
  const int32_t *low;       // its first section, ascending
  const int32_t *high;      // the section after its last
  const int64_t *size;      // more than 0
  const int64_t *alignment;
  const int64_t *fixed;     // or INGOT_PLANNER_FREE
  bool has_fixed;
  int64_t pairs;            // of buffers that meet
  int64_t bound;            // no plan is smaller
  int64_t peak;             // of the best plan
  int64_t *offset;          // the best plan
  int32_t greedy_count;     // of orders and fits that have been tried
  double step;              // part of the way to the goal that is tried next
  int32_t attempts;
  struct search *search[2]; // for the goal and for steps; NULL until they are needed, as is the next
  struct repair *repair;
} component;

// What may still be done. Work is counted where loops run, and so the same everywhere.
typedef struct budget {
  int64_t left;
  int64_t until_asked;
  bool (*stop)(void *context);
  void *context;
  bool stopped;
} budget;

// Takes work off the budget; false when it is used up.
static inline bool spend(budget *budget, int64_t work) {
  budget->left -= work;
  budget->until_asked -= work;
  if (budget->until_asked < 0) {
    budget->until_asked = 1 << 20;
    if (budget->stop && budget->stop(budget->context)) budget->stopped = true;
  }
  return !budget->stopped && budget->left > 0;
}

typedef enum outcome { SOLVED, IMPOSSIBLE, OUT_OF_BUDGET, OUT_OF_MEMORY } outcome;

static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }

// The next multiple; alignments of 1 are common.
static inline int64_t rounded_up(int64_t value, int64_t alignment) {
  if (alignment == 1) return value;
  int64_t rest = value % alignment;
  return rest == 0 ? value : value + (alignment - rest);
}

static inline bool meet(const component *part, int32_t a, int32_t b) {
  return part->low[a] < part->high[b] && part->low[b] < part->high[a];
}

// order.c

// What is compared first, second and third when buffers are put in order.
enum { ORDER_COUNT = 11 };
// Buffers in one of several orders, those at fixed offsets first. `load` is the most that is live in any section of each.
bool order_buffers(const component *part, int32_t which, const int64_t *load, int32_t *order);
// The most that is live in any section of each buffer.
bool find_loads(const component *part, int64_t *load);
bool is_step_order(int32_t which);

// Entries with three keys and the position they came from, largest keys first, then lower positions.
typedef struct keyed { double keys[3]; int32_t index; } keyed;
void sort_keyed(keyed *entries, int32_t count);

// greedy.c

// Places buffers one after the other, each into the lowest or the smallest gap that holds it. `*peak` is that of the plan, or
// at least `limit` where it gave up.
outcome place_in_order(const component *part, const int32_t *order, bool best_fit, int64_t limit, budget *budget,
                       int64_t *offset, int64_t *peak);
// The same for an order of first sections without fixed buffers, in time that grows with the gaps there are.
outcome place_in_step_order(const component *part, const int32_t *order, bool best_fit, int64_t limit, budget *budget,
                            int64_t *offset, int64_t *peak);

// search.c

struct search *search_create(const component *part);
void search_destroy(struct search *search);
// Whether a component is of a size and kind that can be searched.
bool is_searchable(const component *part);
// Looks for a plan of at most `capacity`. What failed in earlier runs counts in the choice of where to begin.
outcome search_run(struct search *search, int64_t capacity, budget *budget, int64_t *offset);

// repair.c

struct repair *repair_create(const component *part);
void repair_destroy(struct repair *repair);
// Lowers the best plan to `capacity` by taking out what lies above and putting it back in place of others.
outcome repair_run(struct repair *repair, int64_t capacity, budget *budget, int64_t *offset);

#endif
