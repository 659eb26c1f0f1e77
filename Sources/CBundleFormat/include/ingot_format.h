/* The .ingot file: every struct, code and rule that writer and reader share.
 *
 *   file      = header | section table | sections, each aligned, gaps zero
 *   sections  = one manifest (JSON), one program per function, one weight table, N weight chunks, and for every function
 *               its origins or for none
 *
 * All integers are little-endian. Offsets are in bytes from the start of the file unless said otherwise.
 * Every byte is covered: the header's digest covers header and section table, each section has its own
 * digest (of its bytes as stored), and every gap must be zero, so that any damage is detected.
 *
 * Any section may be packed by zstd: it is one frame, which states its content's size. A weight chunk may lie in byte planes: for
 * every INGOT_PLANE_BYTES of its elements, the last time for those that are left, comes one frame with the first bytes of these
 * elements, one with the second bytes, and so on. Bytes that are alike, such as the exponents of floats, then pack well.
 *
 * A program is flat: buffers (pieces of memories), tensors (typed views of buffers), instructions (kernel calls). Operands
 * are tensor indices: results first, then inputs; INGOT_NONE marks an absent optional input. Attributes are the
 * structs of ingot_opcodes.h. Tensors are dense, and row-major where they name no layout. One may be a window instead: some rows of
 * a taller image, of which memory holds a ring of rows. So maps run in stripes, and of what a stripe leaves to the next
 * only the rows are kept that are read again.
 */
#ifndef INGOT_FORMAT_H
#define INGOT_FORMAT_H

#include "ingot_opcodes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INGOT_FORMAT_VERSION 1u
#define INGOT_MAGIC "\x89INGOT\r\n"
#define INGOT_MAGIC_BYTES 8u

#define INGOT_SECTION_ALIGNMENT 64u
/* Raw (uncompressed) weight chunks are used where they are mapped, so they start on a page of any phone. */
#define INGOT_MAPPED_ALIGNMENT 16384u
#define INGOT_TENSOR_ALIGNMENT 64u

/* Limits that a reader enforces before it allocates. */
#define INGOT_MAX_SECTIONS 65536u
#define INGOT_MAX_MEMORIES 16u
#define INGOT_MAX_OPERANDS 4096u
#define INGOT_MAX_LAYOUTS 256u
#define INGOT_MAX_BLOCK 64u
/* Instructions that one run of a program executes at most, each as often as loops repeat it: 2^26. */
#define INGOT_MAX_EXECUTIONS 67108864u
/* Multiply-adds of one run, likewise. */
#define INGOT_MAX_MULTIPLY_ADDS ((uint64_t)INT64_MAX)
/* Of what one frame of a weight chunk in planes unpacks to. */
#define INGOT_PLANE_BYTES 16384u
#define INGOT_NONE 0xFFFFFFFFu

typedef struct {
  uint8_t magic[INGOT_MAGIC_BYTES];
  uint32_t version;
  uint32_t section_count;
  uint64_t file_bytes;
  uint64_t section_table; /* offset; always sizeof(ingot_file_header) */
  uint8_t digest[32];     /* SHA-256 of this header with `digest` zero, then the section table */
} ingot_file_header;

typedef enum {
  INGOT_SECTION_MANIFEST = 1,
  INGOT_SECTION_PROGRAM = 2,
  INGOT_SECTION_WEIGHT_TABLE = 3,
  INGOT_SECTION_WEIGHT_CHUNK = 4,
  INGOT_SECTION_ORIGINS = 5
} ingot_section_kind;

typedef enum { INGOT_RAW = 0, INGOT_ZSTD = 1 } ingot_compression;

typedef struct {
  uint32_t kind;        /* ingot_section_kind; sections stand in the order of kinds */
  uint32_t index;       /* function index for programs and origins, chunk index for chunks, else 0; sections of one kind stand in index order */
  uint32_t compression; /* ingot_compression */
  uint32_t planes;      /* 0: the bytes lie in order; 2 or 4, in compressed weight chunks alone: they lie in so many planes */
  uint64_t offset;
  uint64_t stored_bytes;
  uint64_t raw_bytes;   /* == stored_bytes when raw */
  uint8_t digest[32];   /* SHA-256 of the stored bytes */
} ingot_section;

/* Weight table section: header, layouts, `count` entries, then `string_bytes` of names, each followed by a zero byte that its
 * length does not count. */
typedef struct {
  uint32_t count;
  uint32_t string_bytes;
  uint32_t layout_count; /* at most INGOT_MAX_LAYOUTS */
  uint32_t reserved;     /* 0 */
} ingot_weight_table;

/* An order in which the elements of weights and of programs' tensors may lie, other than row-major. Extents stay logical. Axes lie
 * in `order`. One may be cut into blocks: the number of the block stands at its place in the order, and the elements of a block
 * lie innermost; the last block holds what is left, so that there are as many bytes as in row-major order. */
typedef struct {
  uint8_t rank;
  uint8_t order[INGOT_MAX_RANK]; /* the outermost axis first; unused ones are 0 */
  uint8_t block_axis;            /* 0 without blocks */
  uint16_t block_extent;         /* 0: there are no blocks; at most INGOT_MAX_BLOCK */
  uint32_t reserved;             /* 0 */
} ingot_layout;

typedef struct {
  uint32_t name; /* offset into the names */
  uint32_t name_bytes;
  uint32_t chunk;
  uint8_t element; /* ingot_element */
  uint8_t rank;
  uint16_t layout;   /* 0: row-major; else one past the layout's index, which has this rank */
  uint64_t offset;   /* in the uncompressed chunk, a multiple of INGOT_TENSOR_ALIGNMENT */
  uint64_t bytes;    /* == product of dims × element size */
  int64_t dims[INGOT_MAX_RANK]; /* unused ones are 0 */
} ingot_weight;

/* Program section: this header, then memories, buffers, tensors, output sizes, instructions, operands (u32, padded to 8 bytes with one
 * zero word if odd), attributes (u64), strings, each followed by a zero byte that its length does not count. inputs and outputs are the first tensors: tensor i is input i for
 * i < input_count; output j is tensor input_count + j. Their names are the function's interface. */
typedef struct {
  uint32_t buffer_count;
  uint32_t tensor_count;
  uint32_t instruction_count;
  uint32_t operand_count;
  uint32_t attribute_count;
  uint32_t string_bytes;
  uint32_t input_count;
  uint32_t output_count;
  uint32_t size_count; /* output sizes */
  uint32_t memory_count; /* at most INGOT_MAX_MEMORIES */
  uint32_t name; /* the function's name, in strings */
  uint32_t name_bytes;
} ingot_program;

/* A level of memory, as the target names it: intermediates and places of inputs and outputs that the caller does not bind. */
typedef struct {
  uint32_t name; /* in strings */
  uint32_t name_bytes;
  uint64_t bytes;
} ingot_memory;

typedef enum {
  INGOT_BUFFER_ARENA = 1,  /* `offset` in its memory */
  INGOT_BUFFER_INPUT = 2,  /* `index`-th input: the caller's memory if bound, else `offset` in its own; never written */
  INGOT_BUFFER_OUTPUT = 3, /* `index`-th output: likewise; written */
  INGOT_BUFFER_WEIGHT = 4  /* `index`-th entry of the weight table; never written */
} ingot_buffer_kind;

typedef struct {
  uint32_t kind;  /* ingot_buffer_kind */
  uint32_t index; /* 0 for ARENA */
  uint32_t memory; /* index of its memory; 0 for WEIGHT */
  uint32_t reserved; /* 0 */
  uint64_t offset; /* a multiple of INGOT_TENSOR_ALIGNMENT; 0 for WEIGHT */
  uint64_t bytes;
} ingot_buffer;

typedef struct {
  uint32_t buffer;
  uint8_t element; /* ingot_element */
  uint8_t rank;
  uint16_t layout;   /* as that of a weight. A tensor of a weight that is not row-major is all of it, in its layout and shape; inputs
                        and outputs are row-major */
  uint64_t offset;   /* in the buffer, a multiple of the element size */
  int64_t dims[INGOT_MAX_RANK]; /* >= 0; unused ones are 0 */
  uint32_t name;     /* in strings; may be empty for intermediates */
  uint32_t name_bytes;
  /* A window is a row-major tensor of rank >= 2, neither of a weight nor an input or output itself, whose axis rank - 2 are rows,
   * at most image_rows. For every index p of the axes before it, flattened, memory holds image_rows rows, of which row r of the
   * window is number (first_row + r) % image_rows: element [p, r, c] lies at
   *   offset + ((p * image_rows + (first_row + r) % image_rows) * dims[rank - 1] + c) * the element's size.
   * All these rows lie in the buffer. */
  uint32_t image_rows; /* 0: the tensor is dense */
  uint32_t first_row;  /* less than image_rows; 0 for dense ones */
} ingot_tensor;

/* An axis of an output whose extent only a run tells. The tensor has the bound of it, and memory keeps the strides of
 * the bound; the extent is what another output holds after the run, limited to 0..bound. Entries stand in ascending
 * order of output, then axis, each once. */
typedef struct {
  uint32_t output;      /* of the outputs */
  uint32_t axis;        /* less than its rank */
  uint32_t size_output; /* of the outputs: one i64, of rank 0 */
  uint32_t reserved;    /* 0 */
} ingot_output_size;

typedef struct {
  uint32_t opcode; /* ingot_opcode */
  uint32_t first_operand;
  uint16_t result_count;
  uint16_t input_count; /* operands = results then inputs */
  uint32_t first_attribute;
  uint32_t attribute_count;
  uint32_t name; /* the graph node's name, for messages and profiles */
  uint32_t name_bytes;
  uint32_t reserved; /* 0 */
} ingot_instruction;

/* Origins section of a function: this header, then calls, then one origin for each instruction. It says which value of the
 * source model each instruction computes, so that a bundle can be compared with its model. A run does not read it. Names lie
 * in the strings of the function's program. */
typedef struct {
  uint32_t instruction_count; /* that of the program */
  uint32_t call_count;
} ingot_origins;

/* A call or loop of the model, in whose place the function's program has what it runs. */
typedef struct {
  uint32_t caller;   /* an earlier call that it lies in; INGOT_NONE: it lies in the function itself */
  uint32_t function; /* which one it runs, of the bundle's */
  uint32_t name;     /* its first result's */
  uint32_t name_bytes;
} ingot_origin_call;

typedef struct {
  uint32_t call; /* in whose function the value lies; INGOT_NONE: in the function itself */
  uint32_t name; /* of the value that the instruction's first result is; INGOT_NONE: of none, and the rest is INGOT_NONE and 0 */
  uint32_t name_bytes;
} ingot_origin;

_Static_assert(sizeof(ingot_file_header) == 64, "file header layout");
_Static_assert(sizeof(ingot_section) == 72, "section layout");
_Static_assert(sizeof(ingot_weight_table) == 16, "weight table layout");
_Static_assert(sizeof(ingot_layout) == 16, "layout layout");
_Static_assert(sizeof(ingot_weight) == 96, "weight layout");
_Static_assert(sizeof(ingot_program) == 48, "program layout");
_Static_assert(sizeof(ingot_memory) == 16, "memory layout");
_Static_assert(sizeof(ingot_buffer) == 32, "buffer layout");
_Static_assert(sizeof(ingot_tensor) == 96, "tensor layout");
_Static_assert(sizeof(ingot_output_size) == 16, "output size layout");
_Static_assert(sizeof(ingot_instruction) == 32, "instruction layout");
_Static_assert(sizeof(ingot_origins) == 8, "origins layout");
_Static_assert(sizeof(ingot_origin_call) == 16, "call layout");
_Static_assert(sizeof(ingot_origin) == 12, "origin layout");

/* What all compressed sections of a file may unpack to together; what shrinks more is stored raw. */
static inline uint64_t ingot_max_unpacked_bytes(uint64_t file_bytes) {
  return ((uint64_t)256 << 20) + (file_bytes > UINT64_MAX / 128 ? UINT64_MAX / 2 : 64 * file_bytes);
}

/* SHA-256 (FIPS 180-4), incremental. */
typedef struct {
  uint32_t state[8];
  uint64_t bytes;
  uint8_t block[64];
  /* Whether the CPU's own instructions compute it; the digest is the same. */
  bool accelerated;
} ingot_sha256;

/* Uses the CPU's instructions where it has some. */
void ingot_sha256_begin(ingot_sha256 *hash);
void ingot_sha256_add(ingot_sha256 *hash, const void *data, size_t bytes);
void ingot_sha256_end(ingot_sha256 *hash, uint8_t digest[32]);

/* Multiply-adds of one kernel call of a valid program: those of convolutions, matrix products and recurrent layers; 0 for every
 * other. `operands` are the first result and the first two inputs, NULL where absent. UINT64_MAX when there are more. */
uint64_t ingot_call_multiply_adds(uint32_t opcode, const ingot_tensor *const operands[3], const uint64_t *attributes);
/* a * b, and a + b, or UINT64_MAX when that is more. */
uint64_t ingot_saturating_product(uint64_t a, uint64_t b);
uint64_t ingot_saturating_sum(uint64_t a, uint64_t b);

#endif
