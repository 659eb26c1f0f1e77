/* Kernel arguments of windows of rows. What works element by element runs in parts, in each of which the rows of every operand lie
 * one behind the other; other kernels know rings. */
#ifndef INGOT_ROWS_H
#define INGOT_ROWS_H

#include "opcode.h"

/* Operands that may be windows, by bits; the last stands for all further ones too. */
#define INGOT_WINDOW_RESULT 1u
#define INGOT_WINDOW_INPUT(i) (2u << (i))
#define INGOT_WINDOW_ALL UINT32_MAX

/* Rows of the result. */
typedef struct {
  int64_t first, count;
} ingot_rows;

/* Whether an operand of an instruction is a window. */
bool ingot_has_windows(const ingot_function_view *view, const ingot_instruction *instruction);
/* How many parts an instruction has whose operands have the result's rows, or one that all of these share. */
uint32_t ingot_row_parts(const ingot_function_view *view, const ingot_instruction *instruction);
/* The rows of a part, and where an operand has the first of them. */
ingot_rows ingot_part_rows(const ingot_preparation *p, uint32_t part);
void *ingot_row_address(const ingot_preparation *p, const ingot_tensor *tensor, ingot_rows rows);
/* The shape of these rows of a tensor. */
ingot_tensor ingot_rows_of(const ingot_tensor *tensor, ingot_rows rows);
/* The same for what makes the result row by row: parts whose rows lie one behind the other in the result alone. */
uint32_t ingot_result_parts(const ingot_function_view *view, const ingot_instruction *instruction);
ingot_rows ingot_result_rows(const ingot_tensor *y, uint32_t part);
/* The same of one operand and the result, which have at most INGOT_PAIR_PARTS; further ones have no rows. */
#define INGOT_PAIR_PARTS 3u
ingot_rows ingot_pair_rows(const ingot_tensor *x, const ingot_tensor *y, uint32_t part);
/* Of operations on elements of x, whose shape is y's. */
kernel_pieces ingot_prepared_pieces(const ingot_tensor *x, const ingot_tensor *y, ingot_rows rows);
/* Parameters for each row do not go with windows. */
ingot_status ingot_expect_no_row_channels(const ingot_op *op, bool per_channel, int64_t axis);

static inline kernel_ring ingot_prepared_ring(const ingot_tensor *tensor) {
  return (kernel_ring){tensor->image_rows, tensor->first_row};
}

#endif
