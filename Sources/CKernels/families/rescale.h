/* Rescaling of integers. */

static kernel_work rescale_work(const void *arguments) {
  const kernel_rescale *p = arguments;
  return (kernel_work){quantized_chunks(&p->rows, &p->pieces, &p->rescaling), 0};
}

static void rescale_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_rescale *p = arguments;
  (void)scratch;
  const int32_t zero = (int32_t)kernel_load_integer(p->x_zero, p->x_element, 0);
  int32_t v[QUANTIZED_ROOM];
  for (int64_t item = begin; item < end; item++) {
    const quantized_part part = quantized_chunk(&p->rows, &p->pieces, &p->rescaling, item);
    for (int64_t i = 0; i < part.n; i += QUANTIZED_BLOCK) {
      const int64_t n = kernel_least(QUANTIZED_BLOCK, part.n - i);
      quantized_load(p->x, p->x_element, part.x + i, n, 1, zero, v);
      rescale_block(&p->rescaling, v, n, part.channel + part.step * i, part.step, p->y, part.y + i);
    }
  }
}
