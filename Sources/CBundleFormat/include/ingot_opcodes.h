/* The opcodes: what each computes, the fields of its attributes, and the list of all of them, INGOT_OPCODES.
 *
 * Attributes are 64-bit words: the fields of the opcode's struct, then those of its tail's struct as often as the list says.
 * Fields are written once, F(KIND, name, ..), and make the structs, the rules that need no look at operands, and the text:
 *
 *   F(INTEGER, name, least, most)  an integer in a range
 *   F(COUNT, name, most)           an integer from 0 on, which text leaves out where it is 0
 *   F(FLAG, name)                  0 or 1
 *   F(ENUM, name, type)            one of the enum's values
 *   F(AXIS, name)                  an axis of the first input
 *   F(AXES, name)                  axes of the first input: bit d is axis d
 *   F(REAL, name)                  a double
 *   F(SCALE, name)                 a double above 1e-12 and below 1e12
 *   F(NUMBER, name)                a double, or an integer where elements, or a step's domain, are integers
 *   F(ACTIVATION, name)            a function of one float, or none, with its parameters
 *   F(STEP, name)                  a step of an elementwise program
 *
 * "float" means an f32, f16 or bf16 tensor; arithmetic on them is fp32 (f16 and bf16 are widened on load and rounded to nearest
 * even on store). An activation is applied to the fp32 result before the store. x is the first input, S the number of its axes
 * behind the first two. */
#ifndef INGOT_OPCODES_H
#define INGOT_OPCODES_H

#include "ingot_enums.h"

/* No stride, dilation, kernel, pad or group is larger. */
#define INGOT_MAX_EXTENT INT32_MAX
/* The most samples that ROI_ALIGN takes of a bin along one axis, unless their number is adaptive. */
#define INGOT_MAX_SAMPLING_RATIO 128
#define INGOT_MAX_LOOP_COUNT 65536
#define INGOT_MAX_LOOP_DEPTH 8u

typedef union {
  double real;
  int64_t integer;
} ingot_number;

/* An elementwise function of arity 1, or INGOT_FN_NONE. */
typedef struct {
  int64_t function;
  double p0, p1;
} ingot_activation;

typedef struct {
  int64_t function, domain, a, b, c;
  ingot_number p0, p1;
} ingot_step;

#define INGOT_MEMBER_INTEGER(name, least, most) int64_t name;
#define INGOT_MEMBER_COUNT(name, most) int64_t name;
#define INGOT_MEMBER_FLAG(name) int64_t name;
#define INGOT_MEMBER_ENUM(name, type) int64_t name;
#define INGOT_MEMBER_AXIS(name) int64_t name;
#define INGOT_MEMBER_AXES(name) int64_t name;
#define INGOT_MEMBER_REAL(name) double name;
#define INGOT_MEMBER_SCALE(name) double name;
#define INGOT_MEMBER_NUMBER(name) ingot_number name;
#define INGOT_MEMBER_ACTIVATION(name) ingot_activation name;
#define INGOT_MEMBER_STEP(name) ingot_step name;
#define INGOT_MEMBER(kind, ...) INGOT_MEMBER_##kind(__VA_ARGS__)
/* The struct of a list of fields. */
#define INGOT_STRUCT(type, FIELDS) \
  typedef struct {                 \
    FIELDS(INGOT_MEMBER)           \
  } type;

#define INGOT_NO_FIELDS(F)

/* COPY   y <- x
 * Same byte count, elements of one size (bools from bools); shapes may differ. memmove semantics. */

/* ELEMENTWISE   y <- x0 .. x(n-1)
 * n <= 8. Each x broadcasts to y's shape (right-aligned, extents equal or 1). Tail: the steps.
 * Registers 0..n-1 are the inputs; step s defines register n+s; the last is stored.
 * domain: what the step computes in, INGOT_F32 or INGOT_I64 (wrapping). It reads only registers that hold it: all steps that read
 * an input have one domain, and a step's result is of its own but for the functions TO_.., which convert. a, b, c: the registers
 * that it reads; b and c are 0 when the function does not use them. p0, p1: real (INGOT_F32) or integer (INGOT_I64).
 * Loads convert to the register's domain, stores to y's element, TO_.. to theirs: float -> int truncates toward zero and
 * saturates, NaN -> 0; int -> int wraps; anything -> bool is "!= 0"; int -> float rounds to nearest even.
 * y may be the same memory as an input of y's own shape and element size. */
#define INGOT_ELEMENTWISE_STEP_FIELDS(F) F(STEP, step)
INGOT_STRUCT(ingot_elementwise_step, INGOT_ELEMENTWISE_STEP_FIELDS)

/* MATMUL   y <- a, b [, bias, scale or palettes, zero]   float
 * a: [batch.., M, K] (or [.., K, M]), b: [batch.., K, N] (or [.., N, K]), both rank >= 2, batch extents broadcast;
 * y: [batch.., M, N]. bias: [N], or [M, 1] for one per row.
 * bits: 0, or what b is stored in, with transpose_b. With a zero point, 8 or 4: an i8 or u8 [N, K], or a u8 [N, K / 2] that holds two
 * numbers of 0 to 15 in a byte, the first in its low half; what it stands for is (b - zero) * scale. Scales are float, zeros have b's
 * element, and both one shape: [], [N], or, where `block` is not 0, [N, ceil(K / block)] with one for as many along K. A
 * block of 4-bit numbers is even.
 * Without a zero point, 2, 3, 4, 6 or 8: a u8 [N, ceil(K * bits / 8)], in whose rows numbers lie one behind the other, the first in the
 * lowest bits of the first byte; what they stand for is palette[b]. Palettes are float, [2^bits], or, where `block` is not 0,
 * [ceil(N / block), 2^bits] with one for as many rows. */
#define INGOT_STORED_FIELDS(F) \
  F(COUNT, bits, 8)            \
  F(COUNT, block, INGOT_MAX_EXTENT)
#define INGOT_MATMUL_FIELDS(F) \
  F(FLAG, transpose_a)         \
  F(FLAG, transpose_b)         \
  F(ACTIVATION, activation)    \
  INGOT_STORED_FIELDS(F)
INGOT_STRUCT(ingot_matmul_attributes, INGOT_MATMUL_FIELDS)

/* CONV   y <- x, w [, bias, scale or palettes, zero]   float
 * x: [N, C, spatial..], w: [O, C/group, kernel..], bias: [O], y: [N, O, spatial..]; 1 to 3 spatial dimensions. Zero padding.
 * Tail: the window along each. Every output extent is floor((in + begin + end - dilation*(k-1) - 1) / stride) + 1.
 * bits and block: as MATMUL, of w with N = O and K the product of its other extents, row-major. In 4 bits with zero points the kernel has
 * extent 1, and w is [O, C/group / 2, 1..]. By palette w is [O, ceil(C/group * bits / 8), kernel..]: a row fills its bytes from the first on. */
#define INGOT_CONV_FIELDS(F)             \
  F(INTEGER, group, 1, INGOT_MAX_EXTENT) \
  F(ACTIVATION, activation)              \
  INGOT_STORED_FIELDS(F)
INGOT_STRUCT(ingot_conv_attributes, INGOT_CONV_FIELDS)
#define INGOT_WINDOW_FIELDS(F)                           \
  F(INTEGER, stride, 1, INGOT_MAX_EXTENT)                \
  F(INTEGER, dilation, 1, INGOT_MAX_EXTENT)              \
  F(INTEGER, begin, -INGOT_MAX_EXTENT, INGOT_MAX_EXTENT) \
  F(INTEGER, end, -INGOT_MAX_EXTENT, INGOT_MAX_EXTENT)
INGOT_STRUCT(ingot_window, INGOT_WINDOW_FIELDS)

/* CONV_TRANSPOSE   y <- x, w [, bias]   float
 * w: [C, O/group, kernel..]. Attributes and tail as CONV, bits and block 0. Output extents: stride*(in-1) + dilation*(k-1) + 1 - begin - end + extra,
 * 0 <= extra < max(stride, dilation). */

/* RESCALE   y <- x, x_zero, multiplier, shift, y_zero   x and y: i8, u8, i16 or i32
 * x_zero: x's element, []; multiplier: i32, shift: i8, both [] or [x.dims[axis]]; y_zero: y's element, []. least <= most, and some
 * number of y's element lies between them. With v = x - x_zero, wrapping in int32, and s the shift limited to 0 .. 62,
 * y = y_zero + v * multiplier / 2^s, exact but for the rounding, limited to least .. most and to y's element. two_roundings adds
 * +-2^30 (the sign of v) before rounding half up where s > 31. */
#define INGOT_RESCALING_FIELDS(F)         \
  F(ENUM, rounding, rescale_rounding)     \
  F(INTEGER, least, INT32_MIN, INT32_MAX) \
  F(INTEGER, most, INT32_MIN, INT32_MAX)
INGOT_STRUCT(ingot_rescaling, INGOT_RESCALING_FIELDS)
#define INGOT_RESCALE_FIELDS(F)       \
  F(INTEGER, axis, 0, INGOT_MAX_RANK) \
  INGOT_RESCALING_FIELDS(F)
INGOT_STRUCT(ingot_rescale_attributes, INGOT_RESCALE_FIELDS)

/* LOOKUP   y <- x, table [, multiplier, shift, y_zero]
 * x: i8 or u8, table: i8, u8, i16 or i32, [256]: v = table[x - lowest number of x's element]. Or both i16, table: [513]: with
 * i = (x + 32768) >> 7 and f = (x + 32768) & 127, v = table[i] * 128 + (table[i + 1] - table[i]) * f. y = v as RESCALE makes it,
 * multiplier and shift [] or [x.dims[axis]]. Without a multiplier y is of the table's element: v, or of an x i16 (v + 64) >> 7. */

/* ADD_INTEGER   y <- a, a_zero, a_multiplier, b, b_zero, b_multiplier, shift, y_zero
 * a and b: i8, u8 or i16, which broadcast to y's shape; zero points: [], of the element that they belong to; multipliers: i32, each
 * [] or [y.dims[axis]]; shift: i8 []. y = y_zero + ((a - a_zero) * a_multiplier + (b - b_zero) * b_multiplier) / 2^s, exact but for
 * the rounding, limited, as RESCALE does, whose v * multiplier is the sum, and v too where its sign counts. */

/* MUL_INTEGER   y <- a, a_zero, b, b_zero, multiplier, shift, y_zero
 * a and b as ADD_INTEGER. v = (a - a_zero) * (b - b_zero), saturated to int32; y = v as RESCALE makes it, multiplier and shift [] or
 * [y.dims[axis]]. */

/* REDUCE_INTEGER   y <- x, x_zero, multiplier, shift, y_zero
 * x: i8, u8, i16 or i32; x_zero: x's element, []; multiplier: i32 [], shift: i8 []. v = the sum of x - x_zero over the axes, limited to
 * int32; y = v as RESCALE makes it. y's element count is the product of the kept extents. */
#define INGOT_REDUCE_INTEGER_FIELDS(F) \
  F(AXES, axes)                        \
  INGOT_RESCALING_FIELDS(F)
INGOT_STRUCT(ingot_reduce_integer_attributes, INGOT_REDUCE_INTEGER_FIELDS)

/* POOL_INTEGER   y <- x, x_zero, multiplier, shift, y_zero
 * x: i8, u8 or i16; x_zero: x's element, []; multiplier: i32, shift: i8, both [K], K the elements of the kernel. Window, extents and what
 * counts as POOL, whose averages alone there are. v = the sum of x - x_zero in a window, limited to int32; y = v as RESCALE makes it,
 * with entry c - 1 of multiplier and shift where c elements count, the first where none does. */
#define INGOT_POOL_INTEGER_FIELDS(F) \
  F(ENUM, kind, pool_kind)           \
  INGOT_RESCALING_FIELDS(F)
INGOT_STRUCT(ingot_pool_integer_attributes, INGOT_POOL_INTEGER_FIELDS)

/* SOFTMAX_INTEGER   y <- x, x_zero, multiplier, shift, y_zero   x: i8, u8, i16 or i32; y: i8, u8 or i16
 * x_zero: x's element, []; multiplier: i32 [], shift: i8 []; y_zero: y's element, []. Along the axis, with s the shift limited to 0 .. 62:
 * t = (largest x - x, limited to int32) * multiplier / 2^s, rounded half up, limited to 0 .. 31 * 65536; with j and r bits 8 to 15 and 0
 * to 7 of t, e = (T[j] - ((T[j] - T[j + 1]) * r + 128 >> 8)) >> (t >> 16), T[j] = 2^30 * 2^(-j / 256), rounded; R = 2^60 / the sum of e,
 * rounded down; y = y_zero + e * R / 2^52 (of an i16 y / 2^45), rounded half up, limited to y's element. */
#define INGOT_SOFTMAX_INTEGER_FIELDS(F) F(AXIS, axis)
INGOT_STRUCT(ingot_softmax_integer_attributes, INGOT_SOFTMAX_INTEGER_FIELDS)

/* NORM_INTEGER   y <- x, x_zero [, scale] [, bias], multiplier, shift, y_zero
 * x: i8, u8 or i16; x_zero: x's element, []; scale: i16, bias: i32; multiplier: i32 [], shift: i8 []. groups 0: over the axes from `axis` to
 * the last, whose shape scale and bias have; else over each of the groups of neighbouring channels of x: [N, C, ..], scale and bias: [C].
 * n <= 2^22 elements together. With a = x - x_zero, E = 256 * epsilon, rounded, at most 2^40, s and q the sums of a and of a * a,
 * m = s / n and r = s - m * n: W = 256 * (q - m * (s + r)) - 256 * r * r / n (rms: 256 * q); D = W / n + E, at least 1; t so that
 * D * 4^t < 2^62 <= D * 4^(t + 1); I = 2^61 / sqrt(D * 4^t), at most 2^31 - 1; all rounded down. d = 256 * a - 256 * s / n (rms: 256 * a);
 * z = d * I / 2^(49 - t); v = z * scale / 2^15 (without a scale z) + bias, limited to int32; these quotients rounded half up. y = v as
 * RESCALE makes it. */
#define INGOT_NORM_INTEGER_FIELDS(F)         \
  F(ENUM, kind, norm)                        \
  F(INTEGER, axis, 0, INGOT_MAX_RANK)        \
  F(INTEGER, groups, 0, INGOT_MAX_EXTENT)    \
  F(REAL, epsilon)                           \
  INGOT_RESCALING_FIELDS(F)
INGOT_STRUCT(ingot_norm_integer_attributes, INGOT_NORM_INTEGER_FIELDS)

/* CONV_INTEGER   y <- x, w, x_zero, w_zero [, bias] [, multiplier, shift, y_zero]
 * x and w: i8 or u8, or x i16 and w i8; shapes and tail as CONV. x_zero: x's element, []; w_zero: w's, [] or [O]; bias: i32 [O].
 * v = the convolution of x - x_zero, which is 0 outside of x, with w - w_zero, + bias, wrapping in int32; of an i16 x exact, then
 * limited to int32. y = v, an i32, or with the last three inputs v as RESCALE makes it, multiplier and shift [] or [O]. */
#define INGOT_CONV_INTEGER_FIELDS(F)     \
  F(INTEGER, group, 1, INGOT_MAX_EXTENT) \
  INGOT_RESCALING_FIELDS(F)
INGOT_STRUCT(ingot_conv_integer_attributes, INGOT_CONV_INTEGER_FIELDS)

/* CONV_TRANSPOSE_INTEGER   y <- x, w, x_zero, w_zero [, bias] [, multiplier, shift, y_zero]
 * w: [C, O/group, kernel..], output extents as CONV_TRANSPOSE. All else as CONV_INTEGER. */

/* MATMUL_INTEGER   y <- a, b, a_zero, b_zero [, bias] [, multiplier, shift, y_zero]
 * a and b: i8 or u8, or a i16 and b i8; shapes as MATMUL without transposes. a_zero: a's element, [] or [M]; b_zero: b's, [] or [N];
 * bias: i32 [N]. v = (a - a_zero) * (b - b_zero) + bias, wrapping or limited as CONV_INTEGER. y = v or v rescaled, as CONV_INTEGER,
 * by multipliers [] or [N]. */

/* POOL   y <- x   float (max: also i8, u8, i16)
 * Tail: the window along each spatial axis. Output extents as CONV, or one more (ceil mode) as long as the last window starts
 * inside x or its begin padding; or one less when the last would not. average_padded counts begin and end padding, not what ceil
 * mode adds. */
#define INGOT_POOL_FIELDS(F) F(ENUM, kind, pool_kind)
INGOT_STRUCT(ingot_pool_attributes, INGOT_POOL_FIELDS)
#define INGOT_POOL_WINDOW_FIELDS(F)         \
  F(INTEGER, kernel, 1, INGOT_MAX_EXTENT)   \
  F(INTEGER, stride, 1, INGOT_MAX_EXTENT)   \
  F(INTEGER, dilation, 1, INGOT_MAX_EXTENT) \
  F(INTEGER, begin, 0, INGOT_MAX_EXTENT)    \
  F(INTEGER, end, 0, INGOT_MAX_EXTENT)
INGOT_STRUCT(ingot_pool_window, INGOT_POOL_WINDOW_FIELDS)

/* ARG_POOL   y <- x   x: float, i8, u8; y: i64
 * Tail and output extents as POOL. The position in the whole of x of each window's largest element, of equals the first; NaN is
 * the largest. -1 for a window of padding alone. */

/* REDUCE   y <- x   float, or i32/i64 for sum, product, min, max and mean (which truncates), computed in int64
 * axes: those that are reduced. y's element count is the product of the kept extents. Empty reductions give the identity
 * (max of none: -inf or the least integer). */
#define INGOT_REDUCE_FIELDS(F) \
  F(ENUM, kind, reduction)     \
  F(AXES, axes)
INGOT_STRUCT(ingot_reduce_attributes, INGOT_REDUCE_FIELDS)

/* ARG_REDUCE   y <- x   y: i64 or i32
 * The position of the best element; last: of equals the last one. */
#define INGOT_ARG_REDUCE_FIELDS(F) \
  F(ENUM, order, order)            \
  F(AXIS, axis)                    \
  F(FLAG, last)
INGOT_STRUCT(ingot_arg_reduce_attributes, INGOT_ARG_REDUCE_FIELDS)

/* SOFTMAX   y <- x   float
 * log: its logarithm. */
#define INGOT_SOFTMAX_FIELDS(F) \
  F(AXIS, axis)                 \
  F(FLAG, log)
INGOT_STRUCT(ingot_softmax_attributes, INGOT_SOFTMAX_FIELDS)

/* NORMALIZE   y <- x [, scale] [, bias]   float
 * Over the axes from `axis` (the rank: none) to the last; scale, bias: the shape of those axes. */
#define INGOT_NORMALIZE_FIELDS(F)     \
  F(ENUM, kind, norm)                 \
  F(INTEGER, axis, 0, INGOT_MAX_RANK) \
  F(REAL, epsilon)
INGOT_STRUCT(ingot_normalize_attributes, INGOT_NORMALIZE_FIELDS)

/* GROUP_NORM   y <- x [, scale] [, bias]   float
 * x: [N, C, ..]; scale, bias: [C]. Layer normalization of each of `groups` groups of neighbouring channels. */
#define INGOT_GROUP_NORM_FIELDS(F)        \
  F(INTEGER, groups, 1, INGOT_MAX_EXTENT) \
  F(REAL, epsilon)
INGOT_STRUCT(ingot_group_norm_attributes, INGOT_GROUP_NORM_FIELDS)

/* LP_NORM   y <- x   float
 * y = x / norm of this order along the axis, 0 where the norm is 0. */
#define INGOT_LP_NORM_FIELDS(F) \
  F(AXIS, axis)                 \
  F(INTEGER, order, 1, 2)
INGOT_STRUCT(ingot_lp_norm_attributes, INGOT_LP_NORM_FIELDS)

/* TRANSPOSE   y <- x   any element
 * Tail, for each axis of y: y.dims[i] = x.dims[permutation]. */
#define INGOT_TRANSPOSE_AXIS_FIELDS(F) F(AXIS, permutation)
INGOT_STRUCT(ingot_transpose_axis, INGOT_TRANSPOSE_AXIS_FIELDS)

/* CONCAT   y <- x0 ..   any element */
#define INGOT_CONCAT_FIELDS(F) F(AXIS, axis)
INGOT_STRUCT(ingot_concat_attributes, INGOT_CONCAT_FIELDS)

/* SLICE   y <- x   any element
 * Tail, for each axis: every start + (extent_y - 1) * step lies in x; step may be negative, never 0. */
#define INGOT_SLICE_AXIS_FIELDS(F)        \
  F(INTEGER, start, INT64_MIN, INT64_MAX) \
  F(INTEGER, step, INT64_MIN, INT64_MAX)
INGOT_STRUCT(ingot_slice_axis, INGOT_SLICE_AXIS_FIELDS)

/* PAD   y <- x   any element
 * value: real for floats. Tail, for each axis: begin may be negative (crop); the end pad follows from y's extent. reflect needs
 * an offset below x's extent. */
#define INGOT_PAD_FIELDS(F) \
  F(ENUM, mode, pad_mode)   \
  F(NUMBER, value)
INGOT_STRUCT(ingot_pad_attributes, INGOT_PAD_FIELDS)
#define INGOT_PAD_AXIS_FIELDS(F) F(INTEGER, begin, -((int64_t)1 << 48), (int64_t)1 << 48)
INGOT_STRUCT(ingot_pad_axis, INGOT_PAD_AXIS_FIELDS)

/* GATHER   y <- x, indices   any element; indices i32/i64, checked at run time (negative ones count from the end)
 * y.dims = x.dims[..axis] + indices.dims + x.dims[axis+1..]. */
#define INGOT_GATHER_FIELDS(F) F(AXIS, axis)
INGOT_STRUCT(ingot_gather_attributes, INGOT_GATHER_FIELDS)

/* SCATTER   y <- x, indices, updates   any element, that of y, x and updates; indices i32/i64, checked at run time (negative ones
 * count from the end)
 * y = x, then y[indices[i]] = updates[i], or combined with it (not of bools), in order. updates.dims = indices.dims + x.dims[1..]. */
#define INGOT_SCATTER_FIELDS(F) F(ENUM, reduction, scatter_reduction)
INGOT_STRUCT(ingot_scatter_attributes, INGOT_SCATTER_FIELDS)

/* RESIZE   y <- x   float, or i8, u8 or i16, that of both
 * Weights of integers along an axis, computed in double, are rounded half up to 1 / 2048; the largest, of equals the first, takes what is
 * missing to 1 unless all are 0. Their sums are exact and rounded half up once, limited to the element.
 * x: [N, C, spatial..], rank 3 to 5. cubic: the kernel's a. Tail, for each spatial axis: scale, out / in.
 * Where in_rows is not 0, x and y are stripes of images: x has the rows from in_first on of in_rows, y those from out_first on of
 * out_rows, along axis rank - 2, which is at least 2. y is what it is of the whole images if x has the rows that it depends on; of those
 * that x lacks its nearest count. */
#define INGOT_RESIZE_FIELDS(F)      \
  F(ENUM, mode, interpolation)      \
  F(ENUM, coordinates, coordinates) \
  F(ENUM, rounding, rounding)       \
  F(REAL, cubic)                    \
  F(FLAG, exclude_outside)          \
  F(COUNT, in_rows, INGOT_MAX_EXTENT)   \
  F(COUNT, in_first, INGOT_MAX_EXTENT)  \
  F(COUNT, out_rows, INGOT_MAX_EXTENT)  \
  F(COUNT, out_first, INGOT_MAX_EXTENT)
INGOT_STRUCT(ingot_resize_attributes, INGOT_RESIZE_FIELDS)
#define INGOT_RESIZE_AXIS_FIELDS(F) F(SCALE, scale)
INGOT_STRUCT(ingot_resize_axis, INGOT_RESIZE_AXIS_FIELDS)

/* CUMSUM   y <- x   float, i32, i64 */
#define INGOT_CUMSUM_FIELDS(F) \
  F(AXIS, axis)                \
  F(FLAG, exclusive)           \
  F(FLAG, reverse)
INGOT_STRUCT(ingot_cumsum_attributes, INGOT_CUMSUM_FIELDS)

/* TOP_K   values, positions <- x   any element but bool, that of values; positions i64
 * Both results have x's shape with k <= x.dims[axis] at the axis: the best elements, best first, of equals the first. NaN is the
 * largest number. */
#define INGOT_TOP_K_FIELDS(F) \
  F(AXIS, axis)               \
  F(ENUM, order, order)
INGOT_STRUCT(ingot_top_k_attributes, INGOT_TOP_K_FIELDS)

/* NONZERO   positions, count <- x   any element
 * x: [n], positions: i64 [n], count: i64 []. The positions of the elements that are not 0 (NaN is not), ascending, then zeros;
 * count: how many there are. */

/* UNIQUE   positions, inverse, counts, count <- x   any element
 * x: [n, m], n rows; count: i64 [], the others i64 [n]. Of each different row: positions: where it occurs first, counts: how often
 * it occurs, both followed by zeros; inverse: for each row of x its number among the different ones; count: how many there are.
 * They stand in ascending order (sorted), the first column deciding first, or in that of their first occurrence. NaN equals NaN
 * and is the largest number, -0 equals 0. */
#define INGOT_UNIQUE_FIELDS(F) F(FLAG, sorted)
INGOT_STRUCT(ingot_unique_attributes, INGOT_UNIQUE_FIELDS)

/* NMS   selected, count <- boxes, scores   floats; selected and count: i64
 * boxes: [B, N, 4], corners y1, x1, y2, x2 in any order, or x, y, width, height around the centre (center_point_box); scores:
 * [B, C, N]; selected: [B * C * min(max_output_boxes_per_class, N), 3]; count: []. For each class of each image, boxes with a score
 * above the threshold (-inf: any that is no NaN) in descending order, of equals the first, are kept unless intersection / union
 * with one kept before is above the iou threshold, up to the maximum. selected: image, class and box, then zeros. Thresholds are
 * taken as fp32. */
#define INGOT_NMS_FIELDS(F)                            \
  F(FLAG, center_point_box)                            \
  F(INTEGER, max_output_boxes_per_class, 0, INT64_MAX) \
  F(REAL, iou_threshold)                               \
  F(REAL, score_threshold)
INGOT_STRUCT(ingot_nms_attributes, INGOT_NMS_FIELDS)

/* RECURRENT   y, h [, c] <- gates, r, bias, h0 [, c0] [, peepholes] [, lengths]   float; lengths: i32 [N]
 * c and c0: LSTM. peepholes, lengths: whether there are such inputs, which are listed without gaps. clip: 0 for none.
 * gates: [T, N, D * G * H] with T >= 1, D = 2 directions if bidirectional, else 1, and G = 4, 3, 1 gates of LSTM, GRU, RNN in ONNX's
 * order: inputs times weights; r: [D, G * H, H], bias: [D, G * H], h0, c0, h, c: [D, N, H], peepholes: [D, 3 * H], y: [T, D, N, H].
 * Lengths are limited to 0..T; y is 0 beyond them. The steps are those of ONNX's LSTM, GRU and RNN. Results have the element of
 * gates. */
#define INGOT_RECURRENT_LAYER_FIELDS(F) \
  F(ENUM, kind, recurrent_kind)         \
  F(ENUM, direction, direction)         \
  F(FLAG, linear_before_reset)          \
  F(FLAG, input_forget)                 \
  F(FLAG, peepholes)                    \
  F(FLAG, lengths)
#define INGOT_RECURRENT_FIELDS(F) \
  INGOT_RECURRENT_LAYER_FIELDS(F) \
  F(REAL, clip)                   \
  F(ACTIVATION, f)                \
  F(ACTIVATION, g)                \
  F(ACTIVATION, h)
INGOT_STRUCT(ingot_recurrent_attributes, INGOT_RECURRENT_FIELDS)

/* RECURRENT_INTEGER   y, h [, c] <- gates, r, bias, multiplier, shift, h0 [, c0], tables, q_multiplier, q_shift, q_zero
 *                                   [, peepholes, p_multiplier, p_shift] [, lengths]
 * Shapes as RECURRENT. gates, h0, c0, peepholes and results: i16; r: i8; bias and multiplier: i32, shift: i8, all [D, G * H]; tables of f,
 * of an LSTM and GRU g, of an LSTM h: i16 [3, 2 or 1, 513]; q_multiplier and p_multiplier: i32 [], their shifts and q_zero: i8 [].
 * Numbers are i16: sums and quotients by powers of two are exact, rounded half up, limited to i16. q = H as RESCALE makes it with
 * q_zero; of each gate h = q * r + bias, wrapping in int32, as RESCALE makes it; F, G and H read a table as LOOKUP does without a
 * multiplier, at their argument * 2^gate_shift, H at it * 2^cell_shift; P(C): peephole * C as RESCALE makes it. E: cell_exponent.
 * LSTM: i = F(x + h + P(C)), f = F(x + h + P(C)) (input_forget: 2^15 - i), C' = (f * C * 2^E + i * G(x + h)) / 2^(15 + E),
 * o = F(x + h + P(C')), H' = o * H(C') / 2^15. GRU: z, r = F(x + h), n = G(x + h) with r * H / 2^15 for H, or linear_before_reset
 * G(x + r * h / 2^15), H' = ((2^15 - z) * n + z * H) / 2^15. RNN: H' = F(x + h). */
#define INGOT_RECURRENT_INTEGER_FIELDS(F) \
  INGOT_RECURRENT_LAYER_FIELDS(F)         \
  F(INTEGER, gate_shift, 0, 15)           \
  F(INTEGER, cell_exponent, 0, 15)        \
  F(INTEGER, cell_shift, 0, 15)
INGOT_STRUCT(ingot_recurrent_integer_attributes, INGOT_RECURRENT_INTEGER_FIELDS)

/* GRID_SAMPLE   y <- x, grid   float
 * x: [N, C, spatial..], extents from 1 to 2^24 - 1, grid: [N, points.., S], the last axis' coordinate first, y: [N, C, points..] of
 * x's element. As ONNX's GridSample, cubic with a = -0.75; a coordinate that is NaN lies far below the first element. */
#define INGOT_GRID_SAMPLE_FIELDS(F) \
  F(ENUM, mode, interpolation)      \
  F(ENUM, padding, grid_padding)    \
  F(FLAG, align_corners)
INGOT_STRUCT(ingot_grid_sample_attributes, INGOT_GRID_SAMPLE_FIELDS)

/* ROI_ALIGN   y <- x, rois, indices   float; indices: i32/i64, checked at run time (negative ones count from the end)
 * sampling_ratio: 0 for an adaptive one. x: [N, C, H, W], H and W from 1 to 2^24 - 1, rois: [R, 4], x1, y1, x2, y2; indices: [R];
 * y: [R, C, h, w] of x's element. As ONNX's RoiAlign; scaled coordinates are limited to +-2^30, NaN is -2^30. */
#define INGOT_ROI_ALIGN_FIELDS(F)                         \
  F(ENUM, mode, roi_mode)                                 \
  F(ENUM, coordinates, roi_coordinates)                   \
  F(INTEGER, sampling_ratio, 0, INGOT_MAX_SAMPLING_RATIO) \
  F(SCALE, spatial_scale)
INGOT_STRUCT(ingot_roi_align_attributes, INGOT_ROI_ALIGN_FIELDS)

/* LOOP   (no operands)
 * The next `length` instructions run `count` times, in steps 0 .. count - 1. Loops nest, at most INGOT_MAX_LOOP_DEPTH deep, and
 * the inner lies wholly inside the outer one. */
#define INGOT_LOOP_FIELDS(F)                 \
  F(INTEGER, count, 1, INGOT_MAX_LOOP_COUNT) \
  F(INTEGER, length, 1, UINT32_MAX)
INGOT_STRUCT(ingot_loop_attributes, INGOT_LOOP_FIELDS)

/* TAKE   y <- x   any element, that of both
 * Inside a loop: x: [count, y.dims..] with the count of the innermost loop; y = x[step]. */

/* PUT   y <- x   any element, that of both
 * Inside a loop: y: [count, x.dims..]; y[step] = x, the rest stays. */

/* REPACK   y <- x   any element, that of both
 * The same elements in another layout; either may be row-major. */

/* UNPACK   y <- x   both u8
 * Numbers of fewer bits, as many of them in a byte as fit along the axis, the first in the lowest bits. y has so many times the
 * extent there. bits: 1, 2 or 4. */
#define INGOT_UNPACK_FIELDS(F) \
  F(AXIS, axis)                \
  F(INTEGER, bits, 1, 4)
INGOT_STRUCT(ingot_unpack_attributes, INGOT_UNPACK_FIELDS)

/* PALETTE   y <- x, palettes   x: u8, y: f32
 * x: y's shape, but ceil(extent * bits / 8) along the axis. The axes before it count rows, whose numbers lie as in MATMUL, in its bytes
 * from the first on. y = palette[number], with palettes, bits and block as MATMUL. */
#define INGOT_PALETTE_FIELDS(F) \
  F(AXIS, axis)                 \
  F(INTEGER, bits, 2, 8)        \
  F(COUNT, block, INGOT_MAX_EXTENT)
INGOT_STRUCT(ingot_palette_attributes, INGOT_PALETTE_FIELDS)

/* X(NAME, number, name, FIELDS, EACH, TAIL, work). Numbers are never reused. FIELDS names the fields of the attributes, TAIL those
 * of the tail, NO for none; the tail is there once for EACH spatial axis (SPATIAL) or axis (AXIS) of the first input, or as often
 * as the attributes have it (LIST). work: how multiply-adds are counted, see work.c. */
#define INGOT_OPCODES(X)                                                      \
  X(COPY, 1, copy, NO, NONE, NO, none)                                        \
  X(ELEMENTWISE, 2, elementwise, NO, LIST, ELEMENTWISE_STEP, none)            \
  X(MATMUL, 3, matmul, MATMUL, NONE, NO, matmul)                              \
  X(CONV, 4, conv, CONV, SPATIAL, WINDOW, conv)                               \
  X(CONV_TRANSPOSE, 5, conv_transpose, CONV, SPATIAL, WINDOW, conv_transpose) \
  X(POOL, 6, pool, POOL, SPATIAL, POOL_WINDOW, none)                          \
  X(REDUCE, 7, reduce, REDUCE, NONE, NO, none)                                \
  X(ARG_REDUCE, 8, arg_reduce, ARG_REDUCE, NONE, NO, none)                    \
  X(SOFTMAX, 9, softmax, SOFTMAX, NONE, NO, none)                             \
  X(NORMALIZE, 10, normalize, NORMALIZE, NONE, NO, none)                      \
  X(TRANSPOSE, 11, transpose, NO, AXIS, TRANSPOSE_AXIS, none)                 \
  X(CONCAT, 12, concat, CONCAT, NONE, NO, none)                               \
  X(SLICE, 13, slice, NO, AXIS, SLICE_AXIS, none)                             \
  X(PAD, 14, pad, PAD, AXIS, PAD_AXIS, none)                                  \
  X(GATHER, 15, gather, GATHER, NONE, NO, none)                               \
  X(RESIZE, 16, resize, RESIZE, SPATIAL, RESIZE_AXIS, none)                   \
  X(CUMSUM, 17, cumsum, CUMSUM, NONE, NO, none)                               \
  X(SCATTER, 18, scatter, SCATTER, NONE, NO, none)                            \
  X(TOP_K, 19, top_k, TOP_K, NONE, NO, none)                                  \
  X(RECURRENT, 20, recurrent, RECURRENT, NONE, NO, recurrent)                 \
  X(GRID_SAMPLE, 21, grid_sample, GRID_SAMPLE, NONE, NO, none)                \
  X(MATMUL_INTEGER, 22, matmul_integer, RESCALING, NONE, NO, matmul_integer)  \
  X(CONV_INTEGER, 23, conv_integer, CONV_INTEGER, SPATIAL, WINDOW, conv_integer) \
  X(ROI_ALIGN, 24, roi_align, ROI_ALIGN, NONE, NO, none)                      \
  X(ARG_POOL, 25, arg_pool, NO, SPATIAL, POOL_WINDOW, none)                   \
  X(NONZERO, 26, nonzero, NO, NONE, NO, none)                                 \
  X(UNIQUE, 27, unique, UNIQUE, NONE, NO, none)                               \
  X(NMS, 28, nms, NMS, NONE, NO, none)                                        \
  X(LOOP, 29, loop, LOOP, NONE, NO, none)                                     \
  X(TAKE, 30, take, NO, NONE, NO, none)                                       \
  X(PUT, 31, put, NO, NONE, NO, none)                                         \
  X(GROUP_NORM, 32, group_norm, GROUP_NORM, NONE, NO, none)                   \
  X(LP_NORM, 33, lp_norm, LP_NORM, NONE, NO, none)                            \
  X(RESCALE, 34, rescale, RESCALE, NONE, NO, none)                            \
  X(REPACK, 35, repack, NO, NONE, NO, none)                                   \
  X(CONV_TRANSPOSE_INTEGER, 36, conv_transpose_integer, CONV_INTEGER, SPATIAL, WINDOW, conv_transpose) \
  X(LOOKUP, 37, lookup, RESCALE, NONE, NO, none)                              \
  X(ADD_INTEGER, 38, add_integer, RESCALE, NONE, NO, none)                    \
  X(MUL_INTEGER, 39, mul_integer, RESCALE, NONE, NO, none)                    \
  X(REDUCE_INTEGER, 40, reduce_integer, REDUCE_INTEGER, NONE, NO, none)       \
  X(POOL_INTEGER, 41, pool_integer, POOL_INTEGER, SPATIAL, POOL_WINDOW, none) \
  X(SOFTMAX_INTEGER, 42, softmax_integer, SOFTMAX_INTEGER, NONE, NO, none)    \
  X(NORM_INTEGER, 43, norm_integer, NORM_INTEGER, NONE, NO, none)             \
  X(RECURRENT_INTEGER, 44, recurrent_integer, RECURRENT_INTEGER, NONE, NO, recurrent) \
  X(UNPACK, 45, unpack, UNPACK, NONE, NO, none)                               \
  X(PALETTE, 46, palette, PALETTE, NONE, NO, none)

typedef enum {
#define INGOT_OPCODE_VALUE(NAME, number, name, FIELDS, EACH, TAIL, work) INGOT_OP_##NAME = number,
  INGOT_OPCODES(INGOT_OPCODE_VALUE)
#undef INGOT_OPCODE_VALUE
} ingot_opcode;

/* Fields as data, for whoever checks or prints any opcode. */
typedef enum {
  INGOT_FIELD_INTEGER,
  INGOT_FIELD_COUNT,
  INGOT_FIELD_FLAG,
  INGOT_FIELD_ENUM,
  INGOT_FIELD_AXIS,
  INGOT_FIELD_AXES,
  INGOT_FIELD_REAL,
  INGOT_FIELD_SCALE,
  INGOT_FIELD_NUMBER,
  INGOT_FIELD_ACTIVATION,
  INGOT_FIELD_STEP
} ingot_field_kind;

typedef enum { INGOT_TAIL_NONE, INGOT_TAIL_SPATIAL, INGOT_TAIL_AXIS, INGOT_TAIL_LIST } ingot_tail_kind;

typedef struct {
  const char *name; /* NULL behind the last */
  ingot_field_kind kind;
  int64_t least, most;       /* of INTEGER, COUNT, FLAG and ENUM */
  const char *const *values; /* of ENUM: the name of each value */
} ingot_field;

typedef struct {
  const char *name; /* "conv" */
  const ingot_field *head, *tail;
  uint32_t head_words, tail_words; /* tail_words: of one entry */
  ingot_tail_kind each;
} ingot_schema;

/* NULL when there is no such opcode. */
const ingot_schema *ingot_opcode_schema(uint32_t opcode);
/* Its name, or NULL. */
const char *ingot_opcode_text(uint32_t opcode);
/* 64-bit words of a field. */
uint32_t ingot_field_words(ingot_field_kind kind);

#endif
