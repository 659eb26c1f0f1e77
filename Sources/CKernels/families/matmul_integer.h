/* Products of integer matrices with broadcast batches, in blocks of integer_gemm.h. */

static int64_t matmul_integer_batches(const kernel_matmul_integer *p) {
  int64_t count = 1;
  for (uint32_t i = 0; i < p->batch_rank; i++) count *= p->batch[i];
  return count;
}

static int64_t matmul_integer_rows(const kernel_matmul_integer *p) {
  return integer_block_rows(p->m, matmul_integer_batches(p) * kernel_ceil_divide(p->n, INTEGER_BLOCK_COLUMNS));
}

static kernel_work matmul_integer_work(const void *arguments) {
  const kernel_matmul_integer *p = arguments;
  return (kernel_work){matmul_integer_batches(p) * kernel_ceil_divide(p->m, matmul_integer_rows(p)) *
                           kernel_ceil_divide(p->n, INTEGER_BLOCK_COLUMNS),
                       integer_scratch_bytes()};
}

typedef struct {
  const void *b;
  int64_t n;
} matmul_integer_source;

static const void *matmul_integer_line(const integer_product *g, int64_t k, void *buffer) {
  const matmul_integer_source *source = g->source;
  const void *line = kernel_at(source->b, g->b_element, k * source->n + g->first_column);
  if (g->columns % PANEL == 0 && g->columns % INTEGER_CHUNK == 0) return line;
  return memcpy(buffer, line, (size_t)(g->columns * kernel_element_bytes(g->b_element)));
}

static void matmul_integer_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_matmul_integer *p = arguments;
  const int64_t rows = matmul_integer_rows(p);
  const int64_t across = kernel_ceil_divide(p->n, INTEGER_BLOCK_COLUMNS), down = kernel_ceil_divide(p->m, rows);
  for (int64_t item = begin; item < end; item++) {
    const int64_t batch = item / (across * down), m0 = item / across % down * rows, n0 = item % across * INTEGER_BLOCK_COLUMNS;
    int64_t rest = batch, a0 = 0, b0 = 0;
    for (uint32_t i = p->batch_rank; i-- > 0; rest /= p->batch[i]) {
      a0 += rest % p->batch[i] * p->a_batch[i];
      b0 += rest % p->batch[i] * p->b_batch[i];
    }
    const matmul_integer_source source = {kernel_at(p->b, p->b_element, b0), p->n};
    const integer_segment segment = {0, kernel_least(INTEGER_BLOCK_COLUMNS, p->n - n0), n0, 1};
    const integer_product g = {
        .k = p->k, .line = matmul_integer_line, .source = &source, .a = kernel_at(p->a, p->a_element, a0), .a_row = p->k,
        .a_zero = p->a_zero, .b_zero = p->b_zero, .a_element = p->a_element, .b_element = p->b_element,
        .a_zero_per_row = p->a_zero_per_row, .b_zero_per_column = p->b_zero_per_column, .first_column = n0,
        .columns = segment.count, .segments = &segment, .segment_count = 1,
        .y = kernel_at_mutable(p->y, p->rescaling.y_element, batch * p->m * p->n), .y_row = p->n, .bias = p->bias,
        .rescaling = &p->rescaling};
    integer_block(&g, m0, kernel_least(m0 + rows, p->m), scratch);
  }
}
