/* REDUCE: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_reduce(const ingot_op *op) {
  const ingot_reduce_attributes *reduce = op->attributes;
  const ingot_tensor *x = op->x[0], *y = op->y;
  const bool integer = x->element == INGOT_I32 || x->element == INGOT_I64;
  REQUIRE(op, (is_float(x) && is_float(y)) || (integer && y->element == x->element && reduce->kind <= INGOT_REDUCE_PROD),
          "elements %s and %s do not go with kind %lld", ingot_element_text(x->element), ingot_element_text(y->element),
          (long long)reduce->kind);
  int64_t kept = 1;
  for (uint32_t i = 0; i < x->rank; i++) {
    if ((reduce->axes >> i & 1) == 0) kept *= x->dims[i];
  }
  REQUIRE(op, ingot_tensor_count(y) == kept, "the result has %lld elements, expected %lld", (long long)ingot_tensor_count(y),
          (long long)kept);
  return INGOT_OK;
}

/* Neighbouring axes that are both kept or both reduced become one; axes of extent 1 vanish. */
static int prepare_reduce(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_reduce_attributes *reduce = p->attributes;
  const ingot_tensor *x = prepared_input(p, 0);
  kernel_reduce *arguments = &all->reduce;
  *arguments = (kernel_reduce){.x = prepared_address(p, x), .y = prepared_address(p, p->y), .x_element = x->element,
                               .y_element = p->y->element, .kind = (uint8_t)reduce->kind};
  int64_t stride = prepared_product(x, 0, x->rank);
  int previous = -1;
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t extent = x->dims[i];
    if (extent == 1) continue;
    stride = extent == 0 ? 0 : stride / extent;
    const int reduced = (int)(reduce->axes >> i & 1);
    uint32_t *rank = reduced ? &arguments->reduced_rank : &arguments->kept_rank;
    int64_t *dims = reduced ? arguments->reduced : arguments->kept;
    int64_t *strides = reduced ? arguments->reduced_stride : arguments->kept_stride;
    if (previous == reduced) {
      dims[*rank - 1] *= extent;
    } else {
      dims[(*rank)++] = extent;
    }
    strides[*rank - 1] = stride;
    previous = reduced;
  }
  return KERNEL_reduce;
}

const ingot_facts ingot_reduce_facts = {
    .results = 1, .required = 1, .most = 1, .check = check_reduce, .prepare = prepare_reduce};
