/* Tests of rules: a sample program with one thing broken must be refused for that reason. */
#ifndef RULES_H
#define RULES_H

#include "builder.h"
#include "check.h"
#include "ingot.h"

#include <string.h>

/* The attributes of a program's first instruction: the opcode's struct, its tail behind that, and the tail of one that has no
 * struct. */
#define HEAD(opcode) ((ingot_##opcode##_attributes *)(void *)b->attributes)
#define TAIL(opcode, type) ((ingot_##type *)(void *)(b->attributes + sizeof(ingot_##opcode##_attributes) / sizeof *b->attributes))
#define ENTRIES(type) ((ingot_##type *)(void *)b->attributes)

/* Opens the program, runs it if it opens, and destroys it. */
ingot_status try_it(builder *b, char message[512]);

/* Breaks one thing; expects a refusal that says `text`. */
#define RULE(opcode, text, ...) \
  do { \
    builder *b = sample_program(opcode); \
    ingot_instruction *i = &b->instructions[0]; \
    ingot_tensor *t = b->tensors; \
    (void)i, (void)t; \
    __VA_ARGS__; \
    char message[512]; \
    const ingot_status status = try_it(b, message); \
    check(status == INGOT_ERROR_INVALID && strstr(message, text) != NULL, "%s line %d: status %d, '%s', expected '%s'", \
          ingot_opcode_text(opcode), __LINE__, status, message, text); \
  } while (0)
#define ACCEPTED(opcode, ...) \
  do { \
    builder *b = sample_program(opcode); \
    ingot_instruction *i = &b->instructions[0]; \
    ingot_tensor *t = b->tensors; \
    (void)i, (void)t; \
    __VA_ARGS__; \
    char message[512]; \
    check(try_it(b, message) == INGOT_OK, "%s line %d: %s", ingot_opcode_text(opcode), __LINE__, message); \
  } while (0)

#endif
