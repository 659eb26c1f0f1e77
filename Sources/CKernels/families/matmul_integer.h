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
  const kernel_matmul_integer *p;
  const void *b; /* of the batch */
} matmul_integer_source;

/* Line k of b where b lies in groups of lines: every fourth byte, or as many as the last group has lines. */
static const void *matmul_integer_grouped_line(const kernel_matmul_integer *p, const uint8_t *b, int64_t k, int64_t n0, int64_t n, uint8_t *y) {
  typedef uint32_t groups __attribute__((vector_size(4 * INTEGER_CHUNK)));
  const int64_t first = k / p->b_group * p->b_group, span = kernel_least(p->b_group, p->k - first);
  const uint8_t *x = b + first * p->n + n0 * span + (k - first);
  int64_t j = 0;
  for (; span == 4 && j + INTEGER_CHUNK <= n; j += INTEGER_CHUNK) {
    groups group;
    memcpy(&group, x + 4 * j - (k - first), sizeof group);
    const integer_unsigned_bytes bytes = __builtin_convertvector(group >> (uint32_t)(8 * (k - first)), integer_unsigned_bytes);
    memcpy(y + j, &bytes, sizeof bytes);
  }
  for (; j < n; j++) y[j] = x[j * span];
  return y;
}

static const void *matmul_integer_line(const integer_product *g, int64_t k, void *buffer) {
  const matmul_integer_source *source = g->source;
  if (source->p->b_group > 0) return matmul_integer_grouped_line(source->p, source->b, k, g->first_column, g->columns, buffer);
  const void *line = kernel_at(source->b, g->b_element, k * source->p->n + g->first_column);
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
    matmul_integer_source source = {p, kernel_at(p->b, p->b_element, b0)};
    const integer_segment segment = {0, kernel_least(INTEGER_BLOCK_COLUMNS, p->n - n0), n0, 1};
    const integer_product g = {
        .k = p->k, .line = matmul_integer_line, .source = &source,
        .groups = p->b_group == 4 ? (const uint8_t *)source.b + 4 * n0 : NULL, .group_row = 4 * p->n, .a = kernel_at(p->a, p->a_element, a0), .a_row = p->k,
        .a_zero = p->a_zero, .b_zero = p->b_zero, .a_element = p->a_element, .b_element = p->b_element,
        .a_zero_per_row = p->a_zero_per_row, .b_zero_per_column = p->b_zero_per_column, .first_column = n0,
        .columns = segment.count, .segments = &segment, .segment_count = 1,
        .y = kernel_at_mutable(p->y, p->rescaling.y_element, batch * p->m * p->n), .y_row = p->n, .bias = p->bias,
        .rescaling = &p->rescaling};
    integer_block(&g, m0, kernel_least(m0 + rows, p->m), scratch);
  }
}
