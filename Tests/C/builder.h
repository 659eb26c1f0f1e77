/* Builds bundles in memory, right or wrong: every struct can be changed before the bytes are made. */
#ifndef BUILDER_H
#define BUILDER_H

#include "ingot_format.h"

#include <stdbool.h>

#define BUILDER_MAX 4200

typedef struct {
  ingot_weight weights[64];
  uint32_t weight_count;
  struct {
    uint8_t *data;
    uint64_t bytes;
    bool packed;
    uint32_t planes; /* of a packed one */
  } chunks[64];
  uint32_t chunk_count;

  ingot_layout layouts[8];
  uint32_t layout_count;

  ingot_program program;
  ingot_memory memories[INGOT_MAX_MEMORIES + 1]; /* one, without bytes, at first */
  ingot_buffer buffers[256];
  ingot_tensor tensors[256];
  ingot_output_size sizes[16];
  ingot_instruction instructions[64];
  uint32_t operands[BUILDER_MAX];
  uint64_t attributes[BUILDER_MAX];
  bool packs_tables; /* as well: manifest, programs, weight table, origins */
  uint32_t functions; /* copies of the program; 1 at first */
  uint32_t origins_sections; /* 0 at first */
  ingot_origins origins;
  ingot_origin_call calls[4];
  ingot_origin origin[64];
  const char *manifest; /* "{}" at first */
  char strings[1024];
} builder;

typedef struct {
  uint8_t element;
  uint8_t rank;
  int64_t dims[INGOT_MAX_RANK];
} builder_type;

builder *builder_create(void);
void builder_destroy(builder *b);
int64_t type_count(builder_type type);
uint64_t type_bytes(builder_type type);

/* Inputs first, then outputs, then the rest. Each returns the tensor's index. */
uint32_t add_input(builder *b, builder_type type, const char *name);
uint32_t add_output(builder *b, builder_type type, const char *name);
/* Makes a memory larger; gives where the new bytes begin. */
uint64_t extend_memory(builder *b, uint32_t memory, uint64_t bytes);
/* A tensor of its own in the first memory, `shift` bytes into its buffer. */
uint32_t add_intermediate(builder *b, builder_type type, uint64_t shift);
/* A tensor that reads a weight, `shift` bytes into it; the weight has its own chunk. */
uint32_t add_weight(builder *b, builder_type type, const void *data, uint64_t shift, bool packed);
/* Lets a tensor, and the weight that it reads if it does, lie in a layout: axes in this order, one of them in blocks if `extent` is
 * not 0. The weight takes the tensor's shape. */
void set_layout(builder *b, uint32_t tensor, const uint8_t *order, uint8_t block_axis, uint16_t extent);
uint32_t add_instruction(builder *b, uint32_t opcode, const uint32_t *results, uint32_t result_count, const uint32_t *inputs,
                         uint32_t input_count);
/* Appends structs to the attributes of the last instruction. */
void add_attributes(builder *b, const void *structs, size_t bytes);
#define ATTRIBUTES(b, type, ...) add_attributes(b, &(const type){__VA_ARGS__}, sizeof(type))

/* Axis `axis` of an output is sized by another one; both are tensors. */
void add_output_size(builder *b, uint32_t output, uint32_t axis, uint32_t size_output);

/* Gives every function origins: of instruction i the value of its first result, in the last of two calls, the second inside the
 * first; of a loop none. The program must be complete. */
void add_origins(builder *b);

/* A small valid program with this opcode, NULL when none is written (the corpus of op cases has one of every opcode): tensor 0 is the input x, 1 the output y, 2 an intermediate, then weights.
 * Opcodes that count have the count as output 2, before the intermediate, which sizes axis 0 of y. Loops come first,
 * and what they repeat behind them. */
builder *sample_program(uint32_t opcode);
/* The same with windows of all rows, of which the first is not the first in memory, for the first result and input. */
builder *sample_windows(uint32_t opcode);
/* A product of an image's rows by weights in 4 bits, then a convolution by weights in 8 bits. */
builder *sample_stored(void);
/* Its tensors: weights, behind them scale and zero point. */
enum { STORED_PRODUCT = 3, STORED_CONV = 6 };
/* The same by palettes of 3 bits, one for two rows, and of 6. Its tensors: weights, behind them palettes. */
builder *sample_palettes(void);
enum { STORED_PALETTE_CONV = 5 };
/* Every opcode of the format. */
extern const uint32_t sample_opcodes[];
extern const uint32_t sample_opcode_count;

/* A bound of the multiplications that a run of the bundle can do. */
struct ingot_bundle;
double work_bound(const struct ingot_bundle *bundle);

/* The file; to be freed. */
uint8_t *build(const builder *b, uint64_t *bytes);
/* Computes all digests anew, as far as the sections lie in the file. */
void refresh_digests(uint8_t *file, uint64_t bytes);

#endif
