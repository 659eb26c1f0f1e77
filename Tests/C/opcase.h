/* One instruction with random inputs, run on every instruction set and several thread counts, against a reference in
 * double precision. */
#ifndef OPCASE_H
#define OPCASE_H

#include "builder.h"
#include "check.h"

typedef struct {
  builder_type type;
  double *values;
} array;

array array_create(builder_type type);
array array_random(builder_type type, uint64_t *seed, double low, double high);
void array_destroy(array *a);
builder_type type_of(uint8_t element, int rank, ...);
/* Values as the element stores them. */
void array_encode(const array *a, void *bytes);
void array_decode(array *a, const void *bytes);

#define CASE_MAX_INPUTS 16
typedef struct {
  const char *name;
  uint32_t opcode;
  array inputs[CASE_MAX_INPUTS]; /* values == NULL for an absent one */
  uint32_t input_count;
  array expected; /* filled by the test */
  builder_type others[2]; /* further results, which are not looked at */
  uint32_t other_count;
  uint64_t attributes[176];
  uint32_t attribute_count;
  double tolerance; /* of the largest magnitude of the result; 0 for exact */
} opcase;

/* Appends structs to the attributes. */
void opcase_attributes(opcase *c, const void *structs, size_t bytes);
#define CASE_ATTRIBUTES(c, type, ...) opcase_attributes(c, &(const type){__VA_ARGS__}, sizeof(type))

/* Runs the case aligned and not, on every instruction set, with 1, 2 and 3 threads, then frees its arrays. */
void opcase_run(opcase *c);
/* Instruction sets that this CPU can run, as INGOT_ISA_*. */
extern const uint64_t case_isas[];
extern const uint32_t case_isa_count;
bool isa_is_there(uint64_t isa);

#endif
