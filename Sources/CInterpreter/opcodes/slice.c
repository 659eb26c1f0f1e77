/* SLICE: rules and kernel arguments. */
#include "../opcode.h"

static ingot_status check_slice(const ingot_op *op) {
  const ingot_slice_axis *axes = op->tail;
  const ingot_tensor *x = op->x[0], *y = op->y;
  CHECK(ingot_expect_same_element(op, x));
  REQUIRE(op, x->rank == y->rank, "ranks are %u and %u, expected the same", x->rank, y->rank);
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t start = axes[i].start, step = axes[i].step, extent = x->dims[i], count = y->dims[i];
    REQUIRE(op, step != 0, "the step of axis %u is 0", i);
    if (count == 0) continue;
    REQUIRE(op, start >= 0 && start < extent, "axis %u starts at %lld, expected less than %lld", i, (long long)start,
            (long long)extent);
    /* Steps that stay inside number at most this, whatever the step's size. */
    const uint64_t room = (uint64_t)(step > 0 ? extent - 1 - start : start);
    const uint64_t size = step > 0 ? (uint64_t)step : 0 - (uint64_t)step;
    REQUIRE(op, (uint64_t)(count - 1) <= room / size, "axis %u leaves the input: %lld steps of %lld from %lld in %lld", i,
            (long long)(count - 1), (long long)step, (long long)start, (long long)extent);
  }
  return INGOT_OK;
}

static int prepare_slice(const ingot_preparation *p, ingot_arguments *all) {
  const ingot_slice_axis *axes = p->tail;
  const ingot_tensor *x = prepared_input(p, 0);
  kernel_permute *arguments = &all->permute;
  *arguments = ingot_prepared_permute(p);
  int64_t start = 0;
  for (uint32_t i = 0; i < x->rank; i++) {
    const int64_t stride = prepared_product(x, i + 1, x->rank);
    start += axes[i].start * stride;
    /* The step of an axis of extent 1 is never taken, whatever its size. */
    arguments->strides[i] = p->y->dims[i] == 1 ? 0 : axes[i].step * stride;
  }
  arguments->x = (const char *)arguments->x + start * arguments->element_bytes;
  kernel_permute_merge(arguments);
  return KERNEL_permute;
}

const ingot_facts ingot_slice_facts = {.results = 1, .required = 1, .most = 1, .check = check_slice, .prepare = prepare_slice};
