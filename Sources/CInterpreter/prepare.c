/* From an instruction to a kernel call. */
#include "prepare.h"

uint32_t ingot_task_count(const ingot_instruction *instruction) {
  switch (instruction->opcode) {
    case INGOT_OP_LOOP: return 0;
    case INGOT_OP_CONCAT: return instruction->input_count;
    default: return 1;
  }
}

/* Whether the last result is a count, which is written even when there is nothing to count. */
static bool counts(const ingot_instruction *instruction) {
  return instruction->opcode == INGOT_OP_NONZERO || instruction->opcode == INGOT_OP_UNIQUE ||
         instruction->opcode == INGOT_OP_NMS;
}

bool ingot_prepare(const kernel_table *table, const ingot_function_view *view, const ingot_instruction *instruction,
                   uint32_t part, int64_t step, void *const *places, ingot_task *task) {
  if (ingot_task_count(instruction) == 0) return false;
  const ingot_preparation p = {view, places, instruction, ingot_operand(view, instruction, 0),
                               view->attributes + instruction->first_attribute};
  if (ingot_tensor_count(p.y) == 0 && !counts(instruction)) return false;
  const ingot_tensor *x = prepared_input(&p, 0);
  int kernel = KERNEL_copy;
  switch ((ingot_opcode)instruction->opcode) {
    case INGOT_OP_LOOP: return false;
    case INGOT_OP_COPY:
      task->arguments.copy =
          (kernel_copy){prepared_address(&p, x), prepared_address(&p, p.y), (int64_t)ingot_tensor_bytes(p.y)};
      break;
    case INGOT_OP_TAKE: ingot_prepare_take(&p, step, &task->arguments.copy); break;
    case INGOT_OP_PUT: ingot_prepare_put(&p, step, &task->arguments.copy); break;
    case INGOT_OP_ELEMENTWISE:
      kernel = KERNEL_elementwise;
      ingot_prepare_elementwise(&p, &task->arguments.elementwise);
      break;
    case INGOT_OP_MATMUL:
      kernel = KERNEL_matmul;
      ingot_prepare_matmul(&p, &task->arguments.matmul);
      break;
    case INGOT_OP_CONV:
      ingot_prepare_convolution(&p, &task->arguments.convolution);
      kernel = kernel_depthwise_fits(&task->arguments.convolution) ? KERNEL_depthwise : KERNEL_convolution;
      break;
    case INGOT_OP_CONV_TRANSPOSE:
      kernel = KERNEL_conv_transpose;
      ingot_prepare_convolution(&p, &task->arguments.conv_transpose);
      break;
    case INGOT_OP_POOL:
      kernel = KERNEL_pool;
      ingot_prepare_pool(&p, &task->arguments.pool);
      break;
    case INGOT_OP_ARG_POOL:
      kernel = KERNEL_arg_pool;
      ingot_prepare_arg_pool(&p, &task->arguments.arg_pool);
      break;
    case INGOT_OP_REDUCE:
      kernel = KERNEL_reduce;
      ingot_prepare_reduce(&p, &task->arguments.reduce);
      break;
    case INGOT_OP_ARG_REDUCE:
      kernel = KERNEL_arg_reduce;
      ingot_prepare_arg_reduce(&p, &task->arguments.arg_reduce);
      break;
    case INGOT_OP_SOFTMAX:
      kernel = KERNEL_softmax;
      ingot_prepare_softmax(&p, &task->arguments.softmax);
      break;
    case INGOT_OP_NORMALIZE:
      kernel = KERNEL_normalize;
      ingot_prepare_normalize(&p, &task->arguments.normalize);
      break;
    case INGOT_OP_TRANSPOSE:
      kernel = KERNEL_permute;
      ingot_prepare_transpose(&p, &task->arguments.permute);
      break;
    case INGOT_OP_CONCAT:
      kernel = KERNEL_interleave;
      ingot_prepare_concat(&p, part, &task->arguments.interleave);
      break;
    case INGOT_OP_SLICE:
      kernel = KERNEL_permute;
      ingot_prepare_slice(&p, &task->arguments.permute);
      break;
    case INGOT_OP_PAD:
      kernel = KERNEL_pad;
      ingot_prepare_pad(&p, &task->arguments.pad);
      break;
    case INGOT_OP_GATHER:
      kernel = KERNEL_gather;
      ingot_prepare_gather(&p, &task->arguments.gather);
      break;
    case INGOT_OP_SCATTER:
      kernel = KERNEL_scatter;
      ingot_prepare_scatter(&p, &task->arguments.scatter);
      break;
    case INGOT_OP_MATMUL_INTEGER:
      kernel = KERNEL_matmul_integer;
      ingot_prepare_matmul_integer(&p, &task->arguments.matmul_integer);
      break;
    case INGOT_OP_CONV_INTEGER:
      kernel = KERNEL_conv_integer;
      ingot_prepare_conv_integer(&p, &task->arguments.conv_integer);
      break;
    case INGOT_OP_GRID_SAMPLE:
      kernel = KERNEL_grid_sample;
      ingot_prepare_grid_sample(&p, &task->arguments.grid_sample);
      break;
    case INGOT_OP_ROI_ALIGN:
      kernel = KERNEL_roi_align;
      ingot_prepare_roi_align(&p, &task->arguments.roi_align);
      break;
    case INGOT_OP_RECURRENT:
      kernel = KERNEL_recurrent;
      ingot_prepare_recurrent(&p, &task->arguments.recurrent);
      break;
    case INGOT_OP_TOP_K:
      kernel = KERNEL_top_k;
      ingot_prepare_top_k(&p, &task->arguments.top_k);
      break;
    case INGOT_OP_NONZERO:
      kernel = KERNEL_nonzero;
      ingot_prepare_nonzero(&p, &task->arguments.nonzero);
      break;
    case INGOT_OP_UNIQUE:
      kernel = KERNEL_unique;
      ingot_prepare_unique(&p, &task->arguments.unique);
      break;
    case INGOT_OP_NMS:
      kernel = KERNEL_nms;
      ingot_prepare_nms(&p, &task->arguments.nms);
      break;
    case INGOT_OP_RESIZE:
      kernel = KERNEL_resize;
      ingot_prepare_resize(&p, &task->arguments.resize);
      break;
    case INGOT_OP_CUMSUM:
      kernel = KERNEL_cumsum;
      ingot_prepare_cumsum(&p, &task->arguments.cumsum);
      break;
  }
  task->entry = table->kernels[kernel];
  task->work = task->entry.work(&task->arguments);
  return true;
}
