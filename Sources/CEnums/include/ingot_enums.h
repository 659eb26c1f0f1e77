/* Codes and limits that the bundle format, the kernels and the interpreter share: elements, functions, modes. Numbers are those of the
 * file and are never reused; names are those of texts and messages. */
#ifndef INGOT_ENUMS_H
#define INGOT_ENUMS_H

#include "ingot_elements.h"

#include <stddef.h>
#include <stdint.h>

/* Limits of tensors and of elementwise programs. */
#define INGOT_MAX_RANK 8u
#define INGOT_MAX_SPATIAL 3u
#define INGOT_MAX_ELEMENTWISE_INPUTS 8u
#define INGOT_MAX_ELEMENTWISE_STEPS 24u

/* The list of an enum is X(NAME, number, "text"). */
#define INGOT_ENUM_VALUE(name, number, text) INGOT_##name = number,

/* What a pooling window gives. */
#define INGOT_POOL_KINDS(X)                                                                     \
  X(POOL_MAX, 0, "max")                                                                         \
  X(POOL_AVERAGE, 1, "average") /* of what is no padding */                                     \
  X(POOL_AVERAGE_PADDED, 2, "average_padded") /* padding counts, but not what ceil mode adds */
typedef enum { INGOT_POOL_KINDS(INGOT_ENUM_VALUE) } ingot_pool_kind;

/* What a reduction gives. */
#define INGOT_REDUCTIONS(X)               \
  X(REDUCE_SUM, 0, "sum")                 \
  X(REDUCE_MEAN, 1, "mean")               \
  X(REDUCE_MAX, 2, "max")                 \
  X(REDUCE_MIN, 3, "min")                 \
  X(REDUCE_PROD, 4, "prod")               \
  X(REDUCE_L1, 5, "l1")                   \
  X(REDUCE_L2, 6, "l2")                   \
  X(REDUCE_SUM_SQUARE, 7, "sum_square")   \
  X(REDUCE_LOG_SUM, 8, "log_sum")         \
  X(REDUCE_LOG_SUM_EXP, 9, "log_sum_exp")
typedef enum { INGOT_REDUCTIONS(INGOT_ENUM_VALUE) } ingot_reduction;

/* Which elements are best. */
#define INGOT_ORDERS(X)            \
  X(ORDER_LARGEST, 0, "largest")   \
  X(ORDER_SMALLEST, 1, "smallest")
typedef enum { INGOT_ORDERS(INGOT_ENUM_VALUE) } ingot_order;

/* What a normalization over trailing axes divides by. */
#define INGOT_NORMS(X)                                        \
  X(NORM_LAYER, 0, "layer") /* the deviation from the mean */ \
  X(NORM_RMS, 1, "rms") /* the root of the mean square */
typedef enum { INGOT_NORMS(INGOT_ENUM_VALUE) } ingot_norm;

/* What stands outside a tensor that is padded. */
#define INGOT_PAD_MODES(X)       \
  X(PAD_CONSTANT, 0, "constant") \
  X(PAD_REFLECT, 1, "reflect")   \
  X(PAD_EDGE, 2, "edge")         \
  X(PAD_WRAP, 3, "wrap")
typedef enum { INGOT_PAD_MODES(INGOT_ENUM_VALUE) } ingot_pad_mode;

/* How a value between elements is made. */
#define INGOT_INTERPOLATIONS(X)          \
  X(INTERPOLATION_NEAREST, 0, "nearest") \
  X(INTERPOLATION_LINEAR, 1, "linear")   \
  X(INTERPOLATION_CUBIC, 2, "cubic")
typedef enum { INGOT_INTERPOLATIONS(INGOT_ENUM_VALUE) } ingot_interpolation;

/* Where an element of a resized axis lies in the axis it came from; ONNX's names. */
#define INGOT_COORDINATES(X)                                 \
  X(COORDINATES_HALF_PIXEL, 0, "half_pixel")                 \
  X(COORDINATES_ASYMMETRIC, 1, "asymmetric")                 \
  X(COORDINATES_ALIGN_CORNERS, 2, "align_corners")           \
  X(COORDINATES_PYTORCH_HALF_PIXEL, 3, "pytorch_half_pixel")
typedef enum { INGOT_COORDINATES(INGOT_ENUM_VALUE) } ingot_coordinates;

/* Which element is nearest; ONNX's names. */
#define INGOT_ROUNDINGS(X)                                \
  X(ROUNDING_ROUND_PREFER_FLOOR, 0, "round_prefer_floor") \
  X(ROUNDING_ROUND_PREFER_CEIL, 1, "round_prefer_ceil")   \
  X(ROUNDING_FLOOR, 2, "floor")                           \
  X(ROUNDING_CEIL, 3, "ceil")
typedef enum { INGOT_ROUNDINGS(INGOT_ENUM_VALUE) } ingot_rounding;

/* What a grid sample outside of its input sees. */
#define INGOT_GRID_PADDINGS(X)        \
  X(GRID_ZEROS, 0, "zeros")           \
  X(GRID_BORDER, 1, "border")         \
  X(GRID_REFLECTION, 2, "reflection")
typedef enum { INGOT_GRID_PADDINGS(INGOT_ENUM_VALUE) } ingot_grid_padding;

/* What a bin of a region gives of its samples. */
#define INGOT_ROI_MODES(X)                               \
  X(ROI_AVG, 0, "avg")                                   \
  X(ROI_MAX, 1, "max") /* the largest weighted corner */
typedef enum { INGOT_ROI_MODES(INGOT_ENUM_VALUE) } ingot_roi_mode;

/* Where a region begins. */
#define INGOT_ROI_COORDINATES(X)                                                      \
  X(ROI_COORDINATES_HALF_PIXEL, 0, "half_pixel") /* half a pixel before its corner */ \
  X(ROI_COORDINATES_OUTPUT_HALF_PIXEL, 1, "output_half_pixel") /* at its corner */
typedef enum { INGOT_ROI_COORDINATES(INGOT_ENUM_VALUE) } ingot_roi_coordinates;

/* How an update meets what is there. */
#define INGOT_SCATTER_REDUCTIONS(X)                   \
  X(SCATTER_NONE, 0, "none") /* it takes its place */ \
  X(SCATTER_ADD, 1, "add")                            \
  X(SCATTER_MUL, 2, "mul")                            \
  X(SCATTER_MIN, 3, "min")                            \
  X(SCATTER_MAX, 4, "max")
typedef enum { INGOT_SCATTER_REDUCTIONS(INGOT_ENUM_VALUE) } ingot_scatter_reduction;

/* Which recurrent layer. */
#define INGOT_RECURRENT_KINDS(X) \
  X(RECURRENT_LSTM, 0, "lstm")   \
  X(RECURRENT_GRU, 1, "gru")     \
  X(RECURRENT_RNN, 2, "rnn")
typedef enum { INGOT_RECURRENT_KINDS(INGOT_ENUM_VALUE) } ingot_recurrent_kind;

/* Which way a recurrent layer walks; both has two sets of weights. */
#define INGOT_DIRECTIONS(X)                      \
  X(DIRECTION_FORWARD, 0, "forward")             \
  X(DIRECTION_REVERSE, 1, "reverse")             \
  X(DIRECTION_BIDIRECTIONAL, 2, "bidirectional")
typedef enum { INGOT_DIRECTIONS(INGOT_ENUM_VALUE) } ingot_direction;

/* How a rescaled integer is rounded. */
#define INGOT_RESCALE_ROUNDINGS(X)                                                      \
  X(RESCALE_HALF_UP, 0, "half_up") /* once, ties upwards: TOSA's single rounding */     \
  X(RESCALE_HALF_EVEN, 1, "half_even") /* once, ties to the even number */              \
  X(RESCALE_TWO_ROUNDINGS, 2, "two_roundings") /* at 2^31, then at the shift: TFLite */
typedef enum { INGOT_RESCALE_ROUNDINGS(INGOT_ENUM_VALUE) } ingot_rescale_rounding;

/* X(name of the type, its list): every enum above whose values are 0 and up. */
#define INGOT_ENUMS(X)                           \
  X(pool_kind, INGOT_POOL_KINDS)                 \
  X(reduction, INGOT_REDUCTIONS)                 \
  X(order, INGOT_ORDERS)                         \
  X(norm, INGOT_NORMS)                           \
  X(pad_mode, INGOT_PAD_MODES)                   \
  X(interpolation, INGOT_INTERPOLATIONS)         \
  X(coordinates, INGOT_COORDINATES)              \
  X(rounding, INGOT_ROUNDINGS)                   \
  X(grid_padding, INGOT_GRID_PADDINGS)           \
  X(roi_mode, INGOT_ROI_MODES)                   \
  X(roi_coordinates, INGOT_ROI_COORDINATES)      \
  X(scatter_reduction, INGOT_SCATTER_REDUCTIONS) \
  X(recurrent_kind, INGOT_RECURRENT_KINDS)       \
  X(direction, INGOT_DIRECTIONS)                 \
  X(rescale_rounding, INGOT_RESCALE_ROUNDINGS)

/* X(NAME, number, "text", arity, parameters, domains). Functions of the ELEMENTWISE program and, if from floats to floats, of
 * fused activations. Those of domains FLOAT have no int64 form, those of INTEGER no fp32 form. Comparisons and logic give 0 or 1.
 * TO_.. convert to an element, TO_F32 into fp32 and the others into int64, but TO_BOOL gives 0 or 1 in its own domain. */
#define INGOT_ELEMENTWISE_FUNCTIONS(X)                                                                                              \
  X(IDENTITY, 1, "identity", 1, 0, BOTH)                                                                                            \
  X(NEG, 2, "neg", 1, 0, BOTH)                                                                                                      \
  X(ABS, 3, "abs", 1, 0, BOTH)                                                                                                      \
  X(SIGN, 4, "sign", 1, 0, BOTH)                                                                                                    \
  X(NOT, 5, "not", 1, 0, BOTH)                           /* x == 0 */                                                               \
  X(BIT_NOT, 6, "bit_not", 1, 0, INTEGER)                                                                                           \
  X(RELU, 7, "relu", 1, 0, BOTH)                                                                                                    \
  X(CLIP, 8, "clip", 1, 2, BOTH)                         /* min(max(x, p0), p1); NaN stays */                                       \
  X(EXP, 9, "exp", 1, 0, FLOAT)                                                                                                     \
  X(LOG, 10, "log", 1, 0, FLOAT)                                                                                                    \
  X(SQRT, 11, "sqrt", 1, 0, FLOAT)                                                                                                  \
  X(RSQRT, 12, "rsqrt", 1, 0, FLOAT)                                                                                                \
  X(RECIPROCAL, 13, "reciprocal", 1, 0, FLOAT)                                                                                      \
  X(FLOOR, 14, "floor", 1, 0, FLOAT)                                                                                                \
  X(CEIL, 15, "ceil", 1, 0, FLOAT)                                                                                                  \
  X(ROUND, 16, "round", 1, 0, FLOAT)                     /* half to even */                                                         \
  X(TRUNC, 17, "trunc", 1, 0, FLOAT)                                                                                                \
  X(SIN, 18, "sin", 1, 0, FLOAT)                                                                                                    \
  X(COS, 19, "cos", 1, 0, FLOAT)                                                                                                    \
  X(TAN, 20, "tan", 1, 0, FLOAT)                                                                                                    \
  X(ASIN, 21, "asin", 1, 0, FLOAT)                                                                                                  \
  X(ACOS, 22, "acos", 1, 0, FLOAT)                                                                                                  \
  X(ATAN, 23, "atan", 1, 0, FLOAT)                                                                                                  \
  X(SINH, 24, "sinh", 1, 0, FLOAT)                                                                                                  \
  X(COSH, 25, "cosh", 1, 0, FLOAT)                                                                                                  \
  X(TANH, 26, "tanh", 1, 0, FLOAT)                                                                                                  \
  X(ASINH, 27, "asinh", 1, 0, FLOAT)                                                                                                \
  X(ACOSH, 28, "acosh", 1, 0, FLOAT)                                                                                                \
  X(ATANH, 29, "atanh", 1, 0, FLOAT)                                                                                                \
  X(ERF, 30, "erf", 1, 0, FLOAT)                                                                                                    \
  X(SIGMOID, 31, "sigmoid", 1, 0, FLOAT)                                                                                            \
  X(SILU, 32, "silu", 1, 1, FLOAT)                       /* x * sigmoid(p0 * x) */                                                  \
  X(GELU, 33, "gelu", 1, 0, FLOAT)                       /* 0.5 x (1 + erf(x / sqrt 2)) */                                          \
  X(GELU_TANH, 34, "gelu_tanh", 1, 0, FLOAT)             /* 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) */                      \
  X(HARD_SIGMOID, 35, "hard_sigmoid", 1, 2, FLOAT)       /* min(max(p0 * x + p1, 0), 1) */                                          \
  X(HARD_SWISH, 36, "hard_swish", 1, 0, FLOAT)           /* x * min(max(x / 6 + 0.5, 0), 1) */                                      \
  X(LEAKY_RELU, 37, "leaky_relu", 1, 1, FLOAT)           /* x < 0 ? p0 * x : x */                                                   \
  X(ELU, 38, "elu", 1, 1, FLOAT)                         /* x < 0 ? p0 * (exp(x) - 1) : x */                                        \
  X(SELU, 39, "selu", 1, 2, FLOAT)                       /* p1 * (x < 0 ? p0 * (exp(x) - 1) : x) */                                 \
  X(CELU, 40, "celu", 1, 1, FLOAT)                       /* max(0, x) + min(0, p0 * (exp(x / p0) - 1)) */                           \
  X(SOFTPLUS, 41, "softplus", 1, 0, FLOAT)               /* log(1 + exp(x)), stable */                                              \
  X(SOFTSIGN, 42, "softsign", 1, 0, FLOAT)               /* x / (1 + |x|) */                                                        \
  X(MISH, 43, "mish", 1, 0, FLOAT)                       /* x * tanh(softplus(x)) */                                                \
  X(THRESHOLDED_RELU, 44, "thresholded_relu", 1, 1, FLOAT) /* x > p0 ? x : 0 */                                                     \
  X(SHRINK, 45, "shrink", 1, 2, BOTH)                    /* x < -p0 ? x + p1 : x > p0 ? x - p1 : 0 */                               \
  X(IS_NAN, 46, "is_nan", 1, 0, FLOAT)                                                                                              \
  X(IS_INF, 47, "is_inf", 1, 2, FLOAT)                   /* p0: detect negative, p1: detect positive */                             \
  X(AFFINE, 48, "affine", 1, 2, BOTH)                    /* p0 * x + p1, rounded after the product and after the sum */             \
  X(TO_F32, 49, "to_f32", 1, 0, INTEGER)                                                                                            \
  X(TO_I8, 50, "to_i8", 1, 0, BOTH)                                                                                                 \
  X(TO_U8, 51, "to_u8", 1, 0, BOTH)                                                                                                 \
  X(TO_I16, 52, "to_i16", 1, 0, BOTH)                                                                                               \
  X(TO_I32, 53, "to_i32", 1, 0, BOTH)                                                                                               \
  X(TO_I64, 54, "to_i64", 1, 0, FLOAT)                                                                                              \
  X(TO_BOOL, 55, "to_bool", 1, 0, BOTH)                                                                                             \
  X(ADD, 64, "add", 2, 0, BOTH)                                                                                                     \
  X(SUB, 65, "sub", 2, 0, BOTH)                                                                                                     \
  X(MUL, 66, "mul", 2, 0, BOTH)                                                                                                     \
  X(DIV, 67, "div", 2, 0, BOTH)                          /* int64: truncates; by 0 gives 0 */                                       \
  X(POW, 68, "pow", 2, 0, BOTH)                          /* int64: by squaring, wrapping; negative exponent of |a| != 1 gives 0 */  \
  X(MAX, 69, "max", 2, 0, BOTH)                          /* NaN if either is */                                                     \
  X(MIN, 70, "min", 2, 0, BOTH)                                                                                                     \
  X(MOD, 71, "mod", 2, 0, BOTH)                          /* sign of the divisor; by 0 gives 0 (int64) */                            \
  X(FMOD, 72, "fmod", 2, 0, BOTH)                        /* sign of the dividend */                                                 \
  X(PRELU, 73, "prelu", 2, 0, FLOAT)                     /* a < 0 ? a * b : a */                                                    \
  X(EQUAL, 74, "equal", 2, 0, BOTH)                                                                                                 \
  X(NOT_EQUAL, 75, "not_equal", 2, 0, BOTH)                                                                                         \
  X(LESS, 76, "less", 2, 0, BOTH)                                                                                                   \
  X(LESS_EQUAL, 77, "less_equal", 2, 0, BOTH)                                                                                       \
  X(GREATER, 78, "greater", 2, 0, BOTH)                                                                                             \
  X(GREATER_EQUAL, 79, "greater_equal", 2, 0, BOTH)                                                                                 \
  X(AND, 80, "and", 2, 0, BOTH)                          /* of truth values */                                                      \
  X(OR, 81, "or", 2, 0, BOTH)                                                                                                       \
  X(XOR, 82, "xor", 2, 0, BOTH)                                                                                                     \
  X(BIT_AND, 83, "bit_and", 2, 0, INTEGER)                                                                                          \
  X(BIT_OR, 84, "bit_or", 2, 0, INTEGER)                                                                                            \
  X(BIT_XOR, 85, "bit_xor", 2, 0, INTEGER)                                                                                          \
  X(SHIFT_LEFT, 86, "shift_left", 2, 0, INTEGER)         /* by >= 64 or < 0 gives 0 */                                              \
  X(SHIFT_RIGHT, 87, "shift_right", 2, 0, INTEGER)       /* logical on the unsigned value */                                        \
  X(ATAN2, 88, "atan2", 2, 0, FLOAT)                                                                                                \
  X(SELECT, 128, "select", 3, 0, BOTH)                   /* a != 0 ? b : c */

typedef enum {
  INGOT_FN_NONE = 0, /* no activation */
#define INGOT_FUNCTION_VALUE(name, number, text, arity, parameters, domains) INGOT_FN_##name = number,
  INGOT_ELEMENTWISE_FUNCTIONS(INGOT_FUNCTION_VALUE)
#undef INGOT_FUNCTION_VALUE
} ingot_function;

/* Bytes of one element, or 0 if `element` is no ingot_element. */
size_t ingot_element_bytes(uint32_t element);
/* Its name, such as "f32", or "unknown". */
const char *ingot_element_text(uint32_t element);

/* Name, operands and parameters of a function: NULL and 0 if there is none with that number. */
const char *ingot_function_text(uint32_t function);
unsigned ingot_function_arity(uint32_t function);
unsigned ingot_function_parameters(uint32_t function);
/* What a function leaves in its register, INGOT_F32 or INGOT_I64, where it computes in `domain`; 0 where it has no form
 * there, or there is no such function or domain. */
uint32_t ingot_function_result(uint32_t function, uint32_t domain);

#endif
