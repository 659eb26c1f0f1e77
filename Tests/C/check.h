/* Counting of checks, and random numbers that are the same everywhere. */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* Counts a check; prints its text when it fails. Returns whether it passed. */
bool check(bool passed, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints "N passed, N failed" and returns the exit status. */
int check_summary(void);

uint64_t random_next(uint64_t *state);
/* Uniform in [0, limit). */
int64_t random_below(uint64_t *state, int64_t limit);
/* Uniform in [low, high). */
double random_between(uint64_t *state, double low, double high);

void test_sha256(void);
void test_halves(void);
void test_functions(void);
void test_panels(void);
void test_stored(void);
void test_layouts(void);
void test_opcodes(void);
void test_indexing(void);
void test_rescale(void);
void test_integers(void);
void test_quantized(void);
void test_recurrent(void);
void test_windows(void);
void test_regions(void);
void test_rows(void);
void test_validator(void);
void test_file(void);
void test_loops(void);
void test_session(void);
void test_host(void);
void test_sizes(void);
void test_memories(void);
void test_paths(void);
void test_origins(void);
void test_planner(void);

/* Allocations of the whole process so far, where the C library lets us count them. */
long allocation_count(void);

#endif
