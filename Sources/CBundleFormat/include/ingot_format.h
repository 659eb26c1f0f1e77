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
 * A program is flat: buffers (memory), tensors (typed views of buffers), instructions (kernel calls). Operands
 * are tensor indices: results first, then inputs; INGOT_NONE marks an absent optional input. Attributes are
 * 64-bit words: an integer, or the bits of a double. Tensors are dense and row-major.
 */
#ifndef INGOT_FORMAT_H
#define INGOT_FORMAT_H

#include "ingot_enums.h"

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
#define INGOT_MAX_OPERANDS 4096u
#define INGOT_MAX_LOOP_COUNT 65536
#define INGOT_MAX_LOOP_DEPTH 8u
/* Instructions that one run of a program executes at most, each as often as loops repeat it: 2^26. */
#define INGOT_MAX_EXECUTIONS 67108864u
/* Multiply-adds of one run, likewise. */
#define INGOT_MAX_MULTIPLY_ADDS ((uint64_t)INT64_MAX)
#define INGOT_STEP_WORDS 7u /* attributes of one step */
/* All compressed chunks of a file unpack to at most this; chunks that shrink more are stored raw. */
#define INGOT_MAX_UNPACKED_BYTES(file_bytes) (((uint64_t)256 << 20) + 64 * (uint64_t)(file_bytes))
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
  uint32_t compression; /* ingot_compression; only weight chunks may be compressed */
  uint32_t reserved;    /* 0 */
  uint64_t offset;
  uint64_t stored_bytes;
  uint64_t raw_bytes;   /* == stored_bytes when raw */
  uint8_t digest[32];   /* SHA-256 of the stored bytes */
} ingot_section;

/* Weight table section: header, `count` entries, then `string_bytes` of names, each followed by a zero byte that its length
 * does not count. */
typedef struct {
  uint32_t count;
  uint32_t string_bytes;
} ingot_weight_table;

typedef struct {
  uint32_t name; /* offset into the names */
  uint32_t name_bytes;
  uint32_t chunk;
  uint8_t element; /* ingot_element */
  uint8_t rank;
  uint16_t reserved; /* 0 */
  uint64_t offset;   /* in the uncompressed chunk, a multiple of INGOT_TENSOR_ALIGNMENT */
  uint64_t bytes;    /* == product of dims × element size */
  int64_t dims[INGOT_MAX_RANK]; /* unused ones are 0 */
} ingot_weight;

/* Program section: this header, then buffers, tensors, output sizes, instructions, operands (u32, padded to 8 bytes with one
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
  uint32_t reserved;   /* 0 */
  uint32_t name; /* the function's name, in strings */
  uint32_t name_bytes;
  uint64_t arena_bytes; /* intermediates and places of inputs and outputs that the caller does not bind */
} ingot_program;

typedef enum {
  INGOT_BUFFER_ARENA = 1,  /* `offset` in the arena */
  INGOT_BUFFER_INPUT = 2,  /* `index`-th input: the caller's memory if bound, else `offset` in the arena; never written */
  INGOT_BUFFER_OUTPUT = 3, /* `index`-th output: likewise; written */
  INGOT_BUFFER_WEIGHT = 4  /* `index`-th entry of the weight table; never written */
} ingot_buffer_kind;

typedef struct {
  uint32_t kind;  /* ingot_buffer_kind */
  uint32_t index; /* 0 for ARENA */
  uint64_t offset; /* a multiple of INGOT_TENSOR_ALIGNMENT; 0 for WEIGHT */
  uint64_t bytes;
} ingot_buffer;

typedef struct {
  uint32_t buffer;
  uint8_t element; /* ingot_element */
  uint8_t rank;
  uint16_t reserved; /* 0 */
  uint64_t offset;   /* in the buffer, a multiple of the element size */
  int64_t dims[INGOT_MAX_RANK]; /* >= 0; unused ones are 0 */
  uint32_t name;     /* in strings; may be empty for intermediates */
  uint32_t name_bytes;
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

/* X(NAME, number, text). Numbers are never reused. Semantics, shapes and attributes: the comment below. */
#define INGOT_OPCODES(X)              \
  X(COPY, 1, "copy")                  \
  X(ELEMENTWISE, 2, "elementwise")    \
  X(MATMUL, 3, "matmul")              \
  X(CONV, 4, "conv")                  \
  X(CONV_TRANSPOSE, 5, "conv_transpose") \
  X(POOL, 6, "pool")                  \
  X(ARG_POOL, 25, "arg_pool")         \
  X(REDUCE, 7, "reduce")              \
  X(ARG_REDUCE, 8, "arg_reduce")      \
  X(SOFTMAX, 9, "softmax")            \
  X(NORMALIZE, 10, "normalize")       \
  X(TRANSPOSE, 11, "transpose")       \
  X(CONCAT, 12, "concat")             \
  X(SLICE, 13, "slice")               \
  X(PAD, 14, "pad")                   \
  X(GATHER, 15, "gather")             \
  X(RESIZE, 16, "resize")             \
  X(CUMSUM, 17, "cumsum")             \
  X(SCATTER, 18, "scatter")           \
  X(TOP_K, 19, "top_k")               \
  X(RECURRENT, 20, "recurrent")       \
  X(GRID_SAMPLE, 21, "grid_sample")   \
  X(ROI_ALIGN, 24, "roi_align")       \
  X(MATMUL_INTEGER, 22, "matmul_integer") \
  X(CONV_INTEGER, 23, "conv_integer") \
  X(NONZERO, 26, "nonzero")           \
  X(UNIQUE, 27, "unique")             \
  X(NMS, 28, "nms")                   \
  X(LOOP, 29, "loop")                 \
  X(TAKE, 30, "take")                 \
  X(PUT, 31, "put")

typedef enum {
#define INGOT_OPCODE_CASE(name, number, text) INGOT_OP_##name = number,
  INGOT_OPCODES(INGOT_OPCODE_CASE)
#undef INGOT_OPCODE_CASE
} ingot_opcode;

/* Opcodes: operands, then attribute words in order. "float" means an f32, f16 or bf16 tensor; arithmetic on them is
 * fp32 (f16 and bf16 are widened on load and rounded to nearest even on store). `activation` is one elementwise
 * function of arity 1 (0 for none) with its two parameters, applied to the fp32 result before the store.
 *
 * COPY            y <- x              same byte count, elements of one size (bools from bools); shapes may differ. memmove semantics.
 * ELEMENTWISE     y <- x0 .. x(n-1)   n <= 8. Each x broadcasts to y's shape (right-aligned, extents equal or 1).
 *                                     attributes: step_count, then per step: function, domain, a, b, c, p0, p1.
 *                                     Registers 0..n-1 are the inputs; step s defines register n+s; the last is stored.
 *                                     domain: what the step computes in, INGOT_F32 or INGOT_I64 (wrapping). It reads only registers
 *                                     that hold it: all steps that read an input have one domain, and a step's result is of its own
 *                                     but for the functions TO_.., which convert. b and c are 0 when the function does not use them.
 *                                     p0, p1: double bits (INGOT_F32) or int64 (INGOT_I64).
 *                                     Loads convert to the register's domain, stores to y's element, TO_.. to theirs: float -> int
 *                                     truncates toward zero and saturates, NaN -> 0; int -> int wraps; anything -> bool is "!= 0";
 *                                     int -> float rounds to nearest even.
 *                                     y may be the same memory as an input of y's own shape and element size.
 * MATMUL          y <- a, b [, bias]  float. attributes: transpose_a, transpose_b, activation, p0, p1.
 *                                     a: [batch.., M, K] (or [.., K, M]), b: [batch.., K, N] (or [.., N, K]), both rank >= 2,
 *                                     batch extents broadcast; y: [batch.., M, N]. bias: [N], or [M, 1] for one per row.
 * CONV            y <- x, w [, bias]  float. x: [N, C, spatial..], w: [O, C/group, kernel..], bias: [O], y: [N, O, spatial..];
 *                                     1 to 3 spatial dimensions (S). attributes: group, S strides, S dilations, S begin
 *                                     pads, S end pads, activation, p0, p1. Zero padding. Every output extent is
 *                                     floor((in + begin + end - dilation*(k-1) - 1) / stride) + 1.
 * CONV_TRANSPOSE  y <- x, w [, bias]  w: [C, O/group, kernel..]. attributes as CONV. Output extents:
 *                                     stride*(in-1) + dilation*(k-1) + 1 - begin - end + extra, 0 <= extra < max(stride, dilation).
 * POOL            y <- x              float (max: also i8, u8). attributes: kind (0 max, 1 average excluding padding,
 *                                     2 average including padding), S kernel, S strides, S dilations, S begin pads, S end pads.
 *                                     Output extents as CONV, or one more (ceil mode) as long as the last window starts inside
 *                                     x or its begin padding; or one less when the last would not. kind 2 counts begin and end padding, not what ceil mode adds.
 * ARG_POOL        y <- x              x: float, i8, u8; y: i64. attributes and output extents as POOL, but no kind. The position in the
 *                                     whole of x of each window's largest element, of equals the first; NaN is the largest. -1 for
 *                                     a window of padding alone.
 * REDUCE          y <- x              attributes: kind (see below), axis mask (bit d = axis d reduced). y's element count is
 *                                     the product of the kept extents. float, or i32/i64 for sum, product, min, max
 *                                     (mean truncates) computed in int64. Empty reductions give the identity
 *                                     (max of none: -inf or the least integer).
 * ARG_REDUCE      y <- x              attributes: kind (0 max, 1 min), axis, last (1: last of equals wins). y: i64 or i32.
 * SOFTMAX         y <- x              float. attributes: axis, log (0/1).
 * NORMALIZE       y <- x [, scale] [, bias]   float. attributes: kind (0 layer, 1 rms, 2 group, 3 lp), p, epsilon.
 *                                     layer, rms: p = first normalised axis (>= 0), to the last; scale, bias: the shape of those
 *                                     axes. group: p = group count, x: [N, C, ..], scale, bias: [C]. epsilon: double bits.
 *                                     lp: p = axis * 2 + (order - 1), y = x / norm, 0 where the norm is 0; no scale, no bias.
 * TRANSPOSE       y <- x              any element. attributes: rank entries; y.dims[i] = x.dims[perm[i]].
 * CONCAT          y <- x0 ..          any element. attributes: axis.
 * SLICE           y <- x              any element. attributes: per axis: start, step (step may be negative, never 0);
 *                                     every start + (extent_y - 1) * step lies in x.
 * PAD             y <- x              any element. attributes: mode (0 constant, 1 reflect, 2 edge, 3 wrap), value (double bits,
 *                                     or int64 for integer elements), then per axis begin (may be negative: crop).
 *                                     The end pad follows from y's extent. reflect needs an offset below x's extent.
 * GATHER          y <- x, indices     any element; indices i32/i64, checked at run time (negative ones count from the end).
 *                                     attributes: axis. y.dims = x.dims[..axis] + indices.dims + x.dims[axis+1..].
 * RESIZE          y <- x              float. rank 3..5, [N, C, spatial..]. attributes: mode (0 nearest, 1 linear, 2 cubic),
 *                                     coordinates (0 half_pixel, 1 asymmetric, 2 align_corners, 3 pytorch_half_pixel),
 *                                     rounding (0 round_prefer_floor, 1 round_prefer_ceil, 2 floor, 3 ceil), cubic a (double bits),
 *                                     exclude_outside, S scales (double bits, out/in).
 * CUMSUM          y <- x              float, i32, i64. attributes: axis, exclusive, reverse.
 * SCATTER         y <- x, indices, updates   any element, that of y, x and updates; indices i32/i64, checked at run time (negative
 *                                     ones count from the end). attributes: reduction (0 none, 1 add, 2 mul, 3 min, 4 max;
 *                                     none for bool). y = x, then y[indices[i]] = updates[i], or combined with it, in order.
 *                                     updates.dims = indices.dims + x.dims[1..].
 * TOP_K           values, positions <- x   any element but bool, that of values; positions i64. attributes: axis, kind (0 the
 *                                     largest, 1 the smallest). Both results have x's shape with k <= x.dims[axis] at the
 *                                     axis: the best elements, best first, of equals the first. NaN is the largest number.
 * NONZERO         positions, count <- x   any element. x: [n], positions: i64 [n], count: i64 []. The positions of the elements
 *                                     that are not 0 (NaN is not), ascending, then zeros; count: how many there are.
 * UNIQUE          positions, inverse, counts, count <- x   any element. x: [n, m], n rows; count: i64 [], the others i64 [n]. attributes:
 *                                     sorted. Of each different row: positions: where it occurs first, counts: how often it
 *                                     occurs, both followed by zeros; inverse: for each row of x its number among the different ones;
 *                                     count: how many there are. They stand in ascending order, the first column deciding first,
 *                                     or in that of their first occurrence. NaN equals NaN and is the largest number, -0 equals 0.
 * NMS             selected, count <- boxes, scores   floats; selected and count: i64. attributes: center_point_box, most (>= 0), iou
 *                                     and score threshold (double bits, taken as fp32). boxes: [B, N, 4], corners y1, x1, y2, x2 in any
 *                                     order, or x, y, width, height around the centre; scores: [B, C, N]; selected: [B * C * min(most, N), 3];
 *                                     count: []. For each class of each image, boxes with a score above the threshold (-inf: any that
 *                                     is no NaN) in descending order, of equals the first, are kept unless intersection / union with one
 *                                     kept before is above the iou threshold, up to `most`. selected: image, class and box, then zeros.
 * RECURRENT       y, h [, c] <- gates, r, bias, h0 [, c0] [, peepholes] [, lengths]   float; lengths: i32 [N]. attributes: kind
 *                                     (0 LSTM, 1 GRU, 2 RNN), direction (0 forward, 1 reverse, 2 both: D = 2), linear_before_reset,
 *                                     input_forget, whether there are peepholes, and lengths, clip (double bits, 0 for none),
 *                                     activations f, g, h, each with p0, p1. c and c0: LSTM. Inputs are listed without gaps.
 *                                     gates: [T, N, D * G * H] with T >= 1 and G = 4, 3, 1 gates in ONNX's order: inputs times weights;
 *                                     r: [D, G * H, H], bias: [D, G * H], h0, c0, h, c: [D, N, H], peepholes: [D, 3 * H],
 *                                     y: [T, D, N, H]. Lengths are limited to 0..T; y is 0 beyond them. The steps are those of
 *                                     ONNX's LSTM, GRU and RNN. Results have the element of gates.
 * GRID_SAMPLE     y <- x, grid        float. attributes: mode (0 nearest, 1 linear, 2 cubic with a = -0.75), padding (0 zeros,
 *                                     1 border, 2 reflection), align_corners. x: [N, C, spatial..], extents from 1 to 2^24 - 1,
 *                                     grid: [N, points.., S], the last axis' coordinate first, y: [N, C, points..] of x's element.
 *                                     As ONNX's GridSample; a coordinate that is NaN lies far below the first element.
 * ROI_ALIGN       y <- x, rois, indices   float; indices: i32/i64, checked at run time (negative ones count from the end). attributes:
 *                                     mode (0 avg, 1 max), coordinates (0 half_pixel, 1 output_half_pixel), sampling_ratio (0 for an
 *                                     adaptive one), spatial_scale (double bits). x: [N, C, H, W], H and W from 1 to 2^24 - 1,
 *                                     rois: [R, 4], x1, y1, x2, y2; indices: [R]; y: [R, C, h, w] of x's element. As ONNX's RoiAlign;
 *                                     scaled coordinates are limited to +-2^30, NaN is -2^30.
 * MATMUL_INTEGER  y <- a, b, a_zero, b_zero   a and b: i8 or u8, y: i32, shapes as MATMUL without transposes. a_zero: a's element,
 *                                     [] or [M]; b_zero: b's, [] or [N]. No attributes. y = (a - a_zero) * (b - b_zero), wrapping.
 * CONV_INTEGER    y <- x, w, x_zero, w_zero   x and w: i8 or u8, y: i32, shapes and attributes as CONV without activation.
 *                                     x_zero: x's element, []; w_zero: w's, [] or [O]. The convolution of x - x_zero, which is
 *                                     0 outside of x, with w - w_zero, wrapping.
 * LOOP            (no operands)       attributes: count (1 to INGOT_MAX_LOOP_COUNT), length. The next `length` >= 1 instructions run
 *                                     `count` times, in steps 0 .. count - 1. Loops nest, at most INGOT_MAX_LOOP_DEPTH deep, and
 *                                     the inner lies wholly inside the outer one.
 * TAKE            y <- x              any element, that of both. Inside a loop: x: [count, y.dims..] with the count of the innermost
 *                                     loop; y = x[step].
 * PUT             y <- x              any element, that of both. Inside a loop: y: [count, x.dims..]; y[step] = x, the rest stays.
 */

/* The most samples that ROI_ALIGN takes of a bin along one axis, unless their number is adaptive. */
#define INGOT_MAX_SAMPLING_RATIO 128

_Static_assert(sizeof(ingot_file_header) == 64, "file header layout");
_Static_assert(sizeof(ingot_section) == 72, "section layout");
_Static_assert(sizeof(ingot_weight) == 96, "weight layout");
_Static_assert(sizeof(ingot_program) == 56, "program layout");
_Static_assert(sizeof(ingot_buffer) == 24, "buffer layout");
_Static_assert(sizeof(ingot_tensor) == 88, "tensor layout");
_Static_assert(sizeof(ingot_output_size) == 16, "output size layout");
_Static_assert(sizeof(ingot_instruction) == 32, "instruction layout");
_Static_assert(sizeof(ingot_origins) == 8, "origins layout");
_Static_assert(sizeof(ingot_origin_call) == 16, "call layout");
_Static_assert(sizeof(ingot_origin) == 12, "origin layout");

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

/* Text of an opcode, or NULL. */
const char *ingot_opcode_text(uint32_t opcode);

/* Multiply-adds of one kernel call of a valid program: those of convolutions, matrix products and recurrent layers; 0 for every
 * other. `operands` are the first result and the first two inputs, NULL where absent. UINT64_MAX when there are more. */
uint64_t ingot_call_multiply_adds(uint32_t opcode, const ingot_tensor *const operands[3], const uint64_t *attributes);
/* a * b, and a + b, or UINT64_MAX when that is more. */
uint64_t ingot_saturating_product(uint64_t a, uint64_t b);
uint64_t ingot_saturating_sum(uint64_t a, uint64_t b);

#endif
