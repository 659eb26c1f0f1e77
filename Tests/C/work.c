/* How much a mutant could compute, so that the fuzzer leaves alone what would take minutes. */
#include "builder.h"
#include "../../Sources/CInterpreter/internal.h"

/* Product of the two largest tensors' elements: no kernel call but a product or a convolution takes more. */
static double largest_product(const ingot_function_view *view) {
  double largest[2] = {1, 1};
  for (uint32_t i = 0; i < view->header->tensor_count; i++) {
    const ingot_tensor *tensor = &view->tensors[i];
    double count = 1;
    for (uint32_t d = 0; d < tensor->rank; d++) count *= (double)(tensor->dims[d] > 0 ? tensor->dims[d] : 1);
    if (count > largest[0]) {
      largest[1] = largest[0];
      largest[0] = count;
    } else if (count > largest[1]) {
      largest[1] = count;
    }
  }
  return largest[0] * largest[1];
}

/* As if every loop repeated the whole program. */
static double repeats(const ingot_function_view *view) {
  double product = 1;
  for (uint32_t i = 0; i < view->header->instruction_count; i++)
    if (view->instructions[i].opcode == INGOT_OP_LOOP) product *= (double)ingot_loop_at(view, i).count;
  return product;
}

double work_bound(const ingot_bundle *bundle) {
  double work = 0;
  for (uint32_t i = 0; i < bundle->function_count; i++) {
    const ingot_function_view *view = &bundle->functions[i];
    work += view->header->instruction_count * largest_product(view) * repeats(view);
  }
  return work;
}
