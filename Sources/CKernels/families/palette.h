/* Rows of numbers in few bits, looked up in palettes. */

#define PALETTE_GROUP 4096 /* numbers of an item, at least */

static int64_t palette_item_rows(const kernel_palette *p) { return kernel_most(1, PALETTE_GROUP / kernel_most(1, p->extent)); }

static kernel_work palette_work(const void *arguments) {
  const kernel_palette *p = arguments;
  return (kernel_work){kernel_ceil_divide(p->rows, palette_item_rows(p)), 0};
}

static void palette_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_palette *p = arguments;
  (void)scratch;
  const stored numbers = {p->x, INGOT_U8, 0, p->storage};
  const int64_t rows = palette_item_rows(p);
  for (int64_t row = begin * rows; row < kernel_least(end * rows, p->rows); row++)
    stored_widen(&numbers, row, 0, p->extent, p->y + row * p->extent);
}
