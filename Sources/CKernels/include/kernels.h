/* Pure kernels: no allocation, no globals, no threads, no library beyond math.h and string.h.
 *
 * A kernel is described by an argument struct. `work` says how many items of work there are and how many bytes of
 * scratch one thread needs; `run` does the items [begin, end). Items never write the same bytes, and their borders
 * depend on shapes alone, so that any split over threads gives the same bits. Scratch is aligned to 64 bytes.
 * Arguments are trusted: whoever fills them has checked shapes, ranges and overlaps. No kernel is to be run when
 * its result has no elements.
 *
 *   const kernel_table *table = kernel_select(features);
 *   const kernel_entry kernel = kernel_find(table, KERNEL_matmul);
 *   kernel_work work = kernel.work(&matmul);
 *   kernel.run(&matmul, 0, work.items, scratch);
 *
 * Tensors are row-major, and dense where their kernel has no ring, strides or pieces for them. Elements, functions and modes are those of ingot_enums.h.
 */
#ifndef INGOT_KERNELS_H
#define INGOT_KERNELS_H

#include "ingot_enums.h"

#include <stddef.h>
#include <stdint.h>

/* What the CPU has. Portable code is always there. */
#define KERNEL_FEATURE_PORTABLE 1u
#define KERNEL_FEATURE_AVX2 2u /* with FMA and F16C */
#define KERNEL_FEATURE_AVX512 4u /* F, BW, DQ, VL */
#define KERNEL_FEATURE_NEON 8u
#define KERNEL_FEATURE_AVX_VNNI 16u /* beside AVX2 */
#define KERNEL_FEATURE_AVX512_VNNI 32u /* beside AVX512 */
#define KERNEL_FEATURE_DOTPROD 64u /* beside NEON */
#define KERNEL_FEATURE_I8MM 128u /* beside DOTPROD */

typedef struct {
  int64_t items;
  size_t scratch_bytes; /* for each thread */
} kernel_work;

/* The rows in memory of a tensor whose rows are a window of a taller image's: as many for each plane, the last of which is followed by
 * the first. Rows are indices of the last axis but one. */
typedef struct {
  int64_t rows;  /* of a plane; 0: the tensor is dense */
  int64_t first; /* the place of the tensor's first row */
} kernel_ring;

/* Elements that lie one behind the other in x and in y, piece by piece. */
typedef struct {
  int64_t length;           /* 0: all do */
  int64_t x_pitch, y_pitch; /* from one piece to the next, in elements */
} kernel_pieces;

/* An elementwise function of arity 1, or INGOT_FN_NONE. */
typedef struct {
  uint32_t function;
  float p0, p1;
} kernel_activation;

typedef struct {
  const void *x;
  void *y;
  int64_t bytes;
} kernel_copy;

/* A step computes in fp32 or int64, its domain: INGOT_F32 or INGOT_I64. The registers that it reads hold that; the one
 * that it defines holds `result`. */
typedef struct {
  uint32_t function;
  uint8_t domain, result;
  uint32_t a, b, c;
  double p0, p1;        /* in fp32 it uses these, */
  int64_t i0, i1;       /* in int64 these */
} kernel_step;

/* One program over broadcast inputs: registers 0.. are the inputs, then one for each step. */
typedef struct {
  const void *x[INGOT_MAX_ELEMENTWISE_INPUTS];
  void *y;
  uint8_t x_element[INGOT_MAX_ELEMENTWISE_INPUTS];
  uint8_t x_domain[INGOT_MAX_ELEMENTWISE_INPUTS]; /* that of the steps that read it; 0 when none does */
  uint8_t y_element;
  uint32_t inputs, steps;
  uint32_t rank; /* of y, after merging axes; 0 for one element */
  int64_t dims[INGOT_MAX_RANK];
  int64_t strides[INGOT_MAX_ELEMENTWISE_INPUTS + 1][INGOT_MAX_RANK]; /* in elements, then y's own; the last is 0 or 1, y's 1 */
  kernel_step step[INGOT_MAX_ELEMENTWISE_STEPS];
} kernel_elementwise;

/* How weights that lie in rows are stored: as palette[q], or as (q - zero) * scale. */
typedef struct {
  uint8_t bits; /* 0: as the numbers themselves */
  int64_t row_bytes; /* from one row to the next */
  /* 2, 3, 4, 6 or 8 bits, one number behind the other, the first in the lowest bits of a row. */
  const void *palette; /* 2^bits numbers; NULL: by scale and zero */
  uint8_t palette_element;
  int64_t palette_rows; /* that share a palette, beginning with the first; the next ones have the next */
  /* 8 bits, or 4: two in a byte, the first in its low half, from 0 to 15. */
  const void *scale, *zero; /* zero of the weights' element, i8 or u8 */
  uint8_t scale_element;
  int64_t block; /* how many of a row share scale and zero; even in 4 bits */
  int64_t row;   /* scales of a row; 0 where all rows share one */
} kernel_storage;

/* y[batch, m, n] = activation(sum over k of a[m, k] * b[k, n] + bias). Strides are in elements. */
typedef struct {
  const void *a, *b, *bias;
  void *y;
  uint8_t a_element, b_element, bias_element, y_element;
  uint8_t bias_per_row; /* bias[m], else bias[n] */
  int64_t m, n, k;
  int64_t a_row, a_column, b_row, b_column;
  int64_t a_panel, b_panel; /* rows of a, columns of b that lie together as a panel, k by k; 0 for strides alone */
  uint32_t batch_rank;
  int64_t batch[INGOT_MAX_RANK], a_batch[INGOT_MAX_RANK], b_batch[INGOT_MAX_RANK];
  kernel_activation activation;
  kernel_storage storage; /* of b: rows of k for each n, without strides, panels and batches */
} kernel_matmul;

/* Three spatial axes; absent ones lead, with extent 1. Convolution, depthwise and transposed. */
typedef struct {
  const void *x, *w, *bias;
  void *y;
  uint8_t x_element, w_element, bias_element, y_element;
  int64_t batch, group, inputs, outputs; /* channels of x and y */
  int64_t in[3], kernel[3], out[3], stride[3], dilation[3], begin[3];
  kernel_ring x_ring, y_ring; /* the rows of axis 1. Unless transposed, those of y do not turn, and it has no axis 0 */
  int64_t w_panel; /* outputs whose weights lie together as a panel, tap by tap; 0 for row-major. Divides those of a group. */
  kernel_activation activation;
  kernel_storage storage; /* of w: a row for each output, without panels; not of transposed ones */
} kernel_convolution;

typedef struct {
  const void *x;
  void *y;
  uint8_t element;
  uint8_t kind; /* ingot_pool_kind */
  int64_t planes;
  int64_t in[3], kernel[3], out[3], stride[3], dilation[3], begin[3], end[3];
  kernel_ring x_ring, y_ring; /* the rows of axis 1 */
} kernel_pool;

/* Positions of the largest elements; as kernel_pool. */
typedef struct {
  const void *x;
  int64_t *y;
  uint8_t element;
  int64_t planes;
  int64_t in[3], kernel[3], out[3], stride[3], dilation[3], begin[3];
} kernel_arg_pool;

/* Axes that a reduction keeps and that it reduces, merged so that they alternate. */
typedef struct {
  uint32_t kept_rank, reduced_rank;
  int64_t kept[INGOT_MAX_RANK], kept_stride[INGOT_MAX_RANK];
  int64_t reduced[INGOT_MAX_RANK], reduced_stride[INGOT_MAX_RANK];
} kernel_axes;

typedef struct {
  const void *x;
  void *y;
  uint8_t x_element, y_element;
  uint8_t kind; /* ingot_reduction */
  kernel_axes axes;
} kernel_reduce;

typedef struct {
  const void *x;
  void *y;
  uint8_t x_element, y_element;
  uint8_t least, last;
  int64_t outer, extent, inner;
} kernel_arg_reduce;

typedef struct {
  const void *x;
  void *y;
  uint8_t x_element, y_element;
  uint8_t log;
  int64_t outer, extent, inner;
} kernel_softmax;

typedef struct {
  const void *x, *scale, *bias;
  void *y;
  uint8_t x_element, y_element, scale_element, bias_element;
  uint8_t kind; /* ingot_norm */
  uint8_t order; /* 1 or 2: divides by the norm of this order along an axis instead */
  double epsilon;
  /* `outer` rows of `extent`. Of groups: outer = batch * groups, extent = channels * inner of one group.
   * With an order: outer, extent, inner around the axis. */
  int64_t outer, extent, inner;
  int64_t groups; /* of channels; 0 for a norm over trailing axes */
} kernel_normalize;

/* Moves elements of `element_bytes`: y[i0, i1, ..] = x[sum of i * stride]. Transpose and slice; strides may be negative. */
typedef struct {
  const void *x; /* the element that y[0, 0, ..] takes */
  void *y;
  uint32_t element_bytes;
  uint32_t rank;
  int64_t dims[INGOT_MAX_RANK]; /* of y */
  int64_t strides[INGOT_MAX_RANK]; /* in x, in elements */
} kernel_permute;

/* An order of axes, the outermost first, of which one may be cut into blocks whose elements lie innermost; the last holds
 * what is left. */
typedef struct {
  uint8_t order[INGOT_MAX_RANK];
  uint8_t block_axis;
  int64_t block_extent; /* 0 for no blocks */
} kernel_layout;

/* The same elements in another layout. */
typedef struct {
  const void *x;
  void *y;
  uint32_t element_bytes;
  uint32_t rank;
  int64_t dims[INGOT_MAX_RANK];
  kernel_layout x_layout, y_layout;
} kernel_repack;

/* One input of a concatenation: `rows` pieces of `bytes` from every `x_pitch` bytes to every `y_pitch` bytes, where behind each `group` of
 * them `y_skip` bytes more lie; 0: there are no groups. */
typedef struct {
  const void *x;
  void *y;
  int64_t rows, bytes, x_pitch, y_pitch, group, y_skip;
} kernel_interleave;

typedef struct {
  const void *x;
  void *y;
  uint32_t element_bytes;
  uint32_t rank;
  uint8_t mode; /* ingot_pad_mode */
  uint8_t value[8]; /* bytes of one element */
  int64_t x_dims[INGOT_MAX_RANK], y_dims[INGOT_MAX_RANK], begin[INGOT_MAX_RANK];
} kernel_pad;

/* Numbers of fewer bits than 8, as many of them in a byte as fit, the first in the lowest bits. */
typedef struct {
  const uint8_t *x;
  uint8_t *y;
  uint32_t bits; /* 1, 2 or 4 */
  int64_t outer, extent, inner; /* of x around the axis */
} kernel_unpack;

/* Rows of numbers in few bits, as the palettes have them. */
typedef struct {
  const void *x;
  float *y;
  int64_t rows, extent; /* numbers of a row */
  kernel_storage storage;
} kernel_palette;

/* Indices have been checked. */
typedef struct {
  const void *x, *indices;
  void *y;
  uint8_t index_element;
  int64_t outer, extent, count, inner_bytes;
} kernel_gather;

/* y = x, then row indices[i] of y takes row i of the updates. Indices have been checked. */
typedef struct {
  const void *x, *indices, *updates;
  void *y;
  uint8_t element, index_element;
  uint8_t reduction; /* ingot_scatter_reduction */
  int64_t extent, count, inner; /* rows of x, rows of the updates, elements of a row */
} kernel_scatter;

typedef struct {
  const void *x;
  void *values;
  int64_t *positions;
  uint8_t element;
  uint8_t least; /* the smallest are best */
  int64_t outer, extent, inner, k;
} kernel_top_k;

/* May be empty: the count is written all the same. */
typedef struct {
  const void *x;
  int64_t *positions, *count;
  uint8_t element;
  int64_t n;
} kernel_nonzero;

/* May be empty, as may its rows. */
typedef struct {
  const void *x;
  int64_t *positions, *inverse, *counts, *count;
  uint8_t element;
  uint8_t sorted;
  int64_t rows, columns;
} kernel_unique;

/* May be empty. `selected` has room for images * classes * most rows of 3. */
typedef struct {
  const void *boxes, *scores;
  int64_t *selected, *count;
  uint8_t box_element, score_element;
  uint8_t centered;
  float overlap, score; /* thresholds */
  int64_t images, classes, n, most; /* most <= n */
} kernel_nms;

typedef struct {
  const void *x;
  void *y;
  uint8_t x_element, y_element;
  uint8_t mode;        /* ingot_interpolation */
  uint8_t coordinates; /* ingot_coordinates */
  uint8_t rounding;    /* ingot_rounding */
  uint8_t exclude_outside;
  int64_t planes;
  int64_t in[3], out[3];
  int64_t in_rows, in_first, out_rows, out_first; /* of axis 1: rows of the images that x and y are stripes of, and their first ones there */
  kernel_ring x_ring, y_ring;                     /* the rows of axis 1 */
  double scale[3];
  double cubic;
} kernel_resize;

typedef struct {
  const void *x;
  void *y;
  uint8_t x_element, y_element;
  uint8_t exclusive, reverse;
  int64_t outer, extent, inner;
} kernel_cumsum;

/* y = clamp(zero + round(v * multiplier / 2^shift)) of an int32 v, in y_element: i8, u8, i16 or i32. */
typedef struct {
  const int32_t *multiplier; /* NULL: y is v, an i32 */
  const int8_t *shift;       /* limited to 0 .. 62 */
  const void *zero;          /* one of y_element */
  uint8_t per_channel;       /* a multiplier and a shift for each channel, else one for all */
  uint8_t rounding;          /* ingot_rescale_rounding */
  uint8_t y_element;
  int64_t least, most; /* within y_element */
} kernel_rescaling;

/* A tensor around the axis whose indices are the channels of a rescaling: [outer, channels, inner]. */
typedef struct {
  int64_t outer, channels, inner;
} kernel_channels;

/* x less its zero point of the same element, wrapping in int32, rescaled. */
typedef struct {
  const void *x, *x_zero;
  void *y;
  uint8_t x_element;
  kernel_channels rows;
  kernel_pieces pieces;
  kernel_rescaling rescaling;
} kernel_rescale;

/* Entries of a table, or for x i16 128 times what lies between two of them, rescaled. */
typedef struct {
  const void *x, *table;
  void *y;
  uint8_t x_element, table_element;
  kernel_channels rows;
  kernel_pieces pieces;
  kernel_rescaling rescaling; /* without a multiplier y is the value itself, of the table's element */
} kernel_lookup;

/* A sum or a product of integers less their zero points, rescaled. Inputs broadcast to y: a, b, then what may differ along an axis:
 * of a sum the multipliers of both, i32, of a product multiplier and shift. Zero points have the element of what they belong to. */
typedef struct {
  const void *x[4];
  const void *a_zero, *b_zero;
  void *y;
  uint8_t x_element[4];
  uint32_t rank; /* of y, after merging axes; 0 for one element */
  int64_t dims[INGOT_MAX_RANK];
  int64_t strides[5][INGOT_MAX_RANK]; /* in elements, then y's own; the last is 0 or 1, y's 1 */
  kernel_rescaling rescaling; /* of a sum: its shift alone, for all; a product takes multiplier and shift from the inputs */
} kernel_pair_integer;

/* Sums of integers less their zero point, limited to int32 and rescaled. */
typedef struct {
  const void *x, *x_zero;
  void *y;
  uint8_t x_element;
  kernel_axes axes;
  kernel_rescaling rescaling;
} kernel_reduce_integer;

/* The largest integer of windows; or the sum less the zero point, limited to int32 and rescaled by the parameters of how many
 * elements count, from 1. */
typedef struct {
  kernel_pool window;
  const void *x_zero;
  int32_t least; /* of x's element: the largest of none */
  kernel_rescaling rescaling;
} kernel_pool_integer;

typedef struct {
  const void *x, *zero; /* zero: of y's element */
  const int32_t *multiplier;
  const int8_t *shift;
  void *y;
  uint8_t x_element, y_element;
  int32_t least, most; /* of y's element */
  int64_t outer, extent, inner;
} kernel_softmax_integer;

typedef struct {
  const void *x, *x_zero;
  const int16_t *scale; /* or NULL */
  const int32_t *bias;  /* or NULL */
  void *y;
  uint8_t x_element;
  uint8_t kind;    /* ingot_norm */
  int64_t epsilon; /* with 8 bits of fraction */
  int64_t outer, extent, inner, groups; /* as kernel_normalize */
  kernel_rescaling rescaling;
} kernel_norm_integer;

/* y[batch, m, n] = sum over k of (a[m, k] - a_zero) * (b[k, n] - b_zero) + bias[n], wrapping; i8 or u8, or an i16 a with an i8 b:
 * then the sum is exact before it is limited to int32. Zero points have the element of what they belong to. Sums are rescaled;
 * columns are the channels. */
typedef struct {
  const void *a, *b, *a_zero, *b_zero;
  const int32_t *bias; /* or NULL */
  void *y;
  uint8_t a_element, b_element;
  uint8_t a_zero_per_row, b_zero_per_column;
  int64_t m, n, k;
  int64_t b_group; /* rows of b whose elements of one column lie together, the last group may have fewer; 0 for row-major */
  uint32_t batch_rank;
  int64_t batch[INGOT_MAX_RANK], a_batch[INGOT_MAX_RANK], b_batch[INGOT_MAX_RANK];
  kernel_rescaling rescaling;
} kernel_matmul_integer;

/* As kernel_convolution, of integers as kernel_matmul_integer has them; outputs are the channels. Convolution, depthwise
 * and transposed. */
typedef struct {
  const void *x, *w, *x_zero, *w_zero;
  const int32_t *bias; /* or NULL */
  void *y;
  uint8_t x_element, w_element;
  uint8_t w_zero_per_output;
  int64_t batch, group, inputs, outputs;
  int64_t in[3], kernel[3], out[3], stride[3], dilation[3], begin[3];
  kernel_ring x_ring, y_ring; /* the rows of axis 1 */
  kernel_rescaling rescaling;
} kernel_conv_integer;

/* Three spatial axes; absent ones lead, with extent 1. */
typedef struct {
  const void *x, *grid;
  void *y;
  uint8_t element, grid_element;
  uint8_t mode;    /* ingot_interpolation */
  uint8_t padding; /* ingot_grid_padding */
  uint8_t align_corners;
  uint32_t spatial; /* axes that are there */
  int64_t batch, channels, points;
  int64_t in[3];
} kernel_grid_sample;

/* Indices have been checked. */
typedef struct {
  const void *x, *rois, *indices;
  void *y;
  uint8_t element, roi_element, index_element;
  uint8_t most;           /* the largest weighted corner of a sample instead of the average */
  uint8_t half_pixel;
  int64_t sampling_ratio; /* samples of a bin along each axis; 0 for one an element */
  float scale;
  int64_t batch, channels, rois_count;
  int64_t in[2], out[2];
} kernel_roi_align;

/* The recurrent part of LSTM, GRU and RNN layers; operands as the format describes them. */
typedef struct {
  const void *gates, *r, *bias, *h0, *c0, *peepholes; /* c0, peepholes: or NULL */
  const int32_t *lengths;                             /* or NULL */
  void *y, *h, *c;                                    /* c: or NULL */
  uint8_t element; /* of gates and results */
  uint8_t r_element, bias_element, h0_element, c0_element, peephole_element;
  uint8_t kind;      /* ingot_recurrent_kind */
  uint8_t direction; /* ingot_direction */
  uint8_t linear_before_reset, input_forget;
  float clip; /* 0 for none */
  int64_t steps, batch, directions, hidden;
  kernel_activation f, g, h_activation;
} kernel_recurrent;

/* The same on integers; operands as the format describes them. */
typedef struct {
  const int16_t *gates, *h0, *c0, *peepholes; /* c0, peepholes: or NULL */
  const int8_t *r;
  const int32_t *bias;
  const int16_t *tables;
  const int32_t *lengths; /* or NULL */
  int16_t *y, *h, *c;     /* c: or NULL */
  uint8_t kind;      /* ingot_recurrent_kind */
  uint8_t direction; /* ingot_direction */
  uint8_t linear_before_reset, input_forget;
  uint8_t gate_shift, cell_exponent, cell_shift;
  int64_t steps, batch, directions, hidden;
  kernel_rescaling rows;      /* sums to i16, a channel for each row of all directions */
  kernel_rescaling narrowing; /* the hidden state to i8 */
  kernel_rescaling of_peepholes; /* products to i16 */
} kernel_recurrent_integer;

typedef struct {
  kernel_work (*work)(const void *arguments);
  void (*run)(const void *arguments, int64_t begin, int64_t end, void *scratch);
} kernel_entry;

/* The kernels, X(family, argument struct). Those over vectors stand in families/, built once for each instruction set, those of
 * integers also for each of its extensions; plain ones move data or take little time, and are built once. */
#define VECTOR_KERNELS(X)               \
  X(matmul, kernel_matmul)              \
  X(convolution, kernel_convolution)    \
  X(depthwise, kernel_convolution)      \
  X(palette, kernel_palette)            \
  X(conv_transpose, kernel_convolution) \
  X(elementwise, kernel_elementwise)    \
  X(pool, kernel_pool)                  \
  X(reduce, kernel_reduce)              \
  X(softmax, kernel_softmax)            \
  X(normalize, kernel_normalize)        \
  X(resize, kernel_resize)              \
  X(recurrent, kernel_recurrent)        \
  X(rescale, kernel_rescale)            \
  X(lookup, kernel_lookup)              \
  X(add_integer, kernel_pair_integer)   \
  X(mul_integer, kernel_pair_integer)   \
  X(reduce_integer, kernel_reduce_integer) \
  X(pool_integer, kernel_pool_integer)  \
  X(softmax_integer, kernel_softmax_integer) \
  X(norm_integer, kernel_norm_integer)  \
  X(resize_integer, kernel_resize)
#define INTEGER_KERNELS(X)                   \
  X(matmul_integer, kernel_matmul_integer)  \
  X(conv_integer, kernel_conv_integer)      \
  X(depthwise_integer, kernel_conv_integer) \
  X(conv_transpose_integer, kernel_conv_integer) \
  X(recurrent_integer, kernel_recurrent_integer)
#define PLAIN_KERNELS(X)                         \
  X(copy, kernel_copy)                           \
  X(permute, kernel_permute)                     \
  X(repack, kernel_repack)                       \
  X(interleave, kernel_interleave)               \
  X(pad, kernel_pad)                             \
  X(gather, kernel_gather)                       \
  X(unpack, kernel_unpack)                       \
  X(scatter, kernel_scatter)                     \
  X(top_k, kernel_top_k)                         \
  X(nonzero, kernel_nonzero)                     \
  X(unique, kernel_unique)                       \
  X(nms, kernel_nms)                             \
  X(grid_sample, kernel_grid_sample)             \
  X(roi_align, kernel_roi_align)                 \
  X(arg_pool, kernel_arg_pool)                   \
  X(arg_reduce, kernel_arg_reduce)               \
  X(cumsum, kernel_cumsum)
#define KERNELS(X) VECTOR_KERNELS(X) INTEGER_KERNELS(X) PLAIN_KERNELS(X)

enum {
#define KERNEL_NUMBER(family, arguments) KERNEL_##family,
  KERNELS(KERNEL_NUMBER)
#undef KERNEL_NUMBER
  KERNEL_COUNT
};

typedef struct kernel_table kernel_table;
struct kernel_table {
  const char *name;
  uint32_t feature;
  const kernel_table *base; /* has what this has not; or NULL */
  kernel_entry kernels[KERNEL_COUNT];
};

/* The instruction sets and extensions that vector kernels are built for, an extension behind its base, else oldest first. */
#if defined(__x86_64__)
#define KERNEL_SETS(X) X(portable) X(avx2) X(avx_vnni) X(avx512) X(avx512_vnni)
#elif defined(__aarch64__)
#define KERNEL_SETS(X) X(portable) X(neon) X(dotprod) X(i8mm)
#else
#define KERNEL_SETS(X) X(portable)
#endif

/* Every variant that was built, oldest first; NULL past the last. */
const kernel_table *kernel_variant(unsigned index);
/* The newest variant among these features. */
const kernel_table *kernel_select(uint32_t features);
/* A kernel, KERNEL_*, of a variant or of its base. */
kernel_entry kernel_find(const kernel_table *table, int kernel);

/* Merges neighbouring axes that inputs and y walk as one, and drops axes of extent 1. */
void kernel_elementwise_merge(kernel_elementwise *arguments);
void kernel_pair_integer_merge(kernel_pair_integer *arguments);
void kernel_permute_merge(kernel_permute *arguments);

/* Whether the depthwise kernel can do this convolution. */
int kernel_depthwise_fits(const kernel_convolution *arguments);
int kernel_depthwise_integer_fits(const kernel_conv_integer *arguments);

/* Index of the first of `count` indices outside [-extent, extent), or -1. */
int64_t kernel_wrong_index(const void *indices, uint32_t element, int64_t count, int64_t extent);

float kernel_half_to_float(uint16_t bits);
uint16_t kernel_float_to_half(float value);
float kernel_bfloat_to_float(uint16_t bits);
uint16_t kernel_float_to_bfloat(float value);

#endif
