/* The built variants, and the newest among those that the CPU can run. */
#include "internal.h"

#define DECLARE_TABLE(variant) extern const kernel_table kernel_table_##variant;
KERNEL_SETS(DECLARE_TABLE)

static const kernel_table *const variants[] = {
#define TABLE_OF(variant) &kernel_table_##variant,
    KERNEL_SETS(TABLE_OF)
};

const kernel_table *kernel_variant(unsigned index) {
  return index < sizeof variants / sizeof *variants ? variants[index] : NULL;
}

const kernel_table *kernel_select(uint32_t features) {
  const kernel_table *chosen = variants[0];
  for (unsigned i = 0; kernel_variant(i) != NULL; i++) {
    if ((variants[i]->feature & features) != 0) chosen = variants[i];
  }
  return chosen;
}

kernel_entry kernel_find(const kernel_table *table, int kernel) {
  while (table->kernels[kernel].run == NULL) table = table->base;
  return table->kernels[kernel];
}
