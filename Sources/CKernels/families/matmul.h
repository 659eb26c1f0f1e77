/* Matrix products with broadcast batches: blocks of gemm.h, and dot products for a few rows against a transposed b, which may be
 * stored in fewer bits. */

#define DOT_ROWS 4 /* products with at most this many rows and contiguous k are dot products */
#define DOT_COLUMNS 64

typedef struct {
  const void *b;
  uint32_t element;
  int64_t row, column;
  int64_t panel, k, n; /* columns of a panel, or 0 for strides; of the whole matrix */
} matmul_b;

/* Columns [n0, n0 + columns) of panels, which the last may end before. */
static void matmul_repack(const matmul_b *b, int64_t k0, int64_t depth, int64_t n0, int64_t columns, float *panels) {
  for (int64_t n = 0; n < columns; n += PANEL, panels += depth * PANEL) {
    const int64_t end = n0 + kernel_least(n + PANEL, columns);
    if (end - n0 - n < PANEL) memset(panels, 0, sizeof(float) * (size_t)(depth * PANEL));
    for (int64_t column = n0 + n; column < end;) {
      const int64_t first = column / b->panel * b->panel, width = kernel_least(b->panel, b->n - first);
      const int64_t count = kernel_least(first + width, end) - column;
      for (int64_t k = 0; k < depth; k++)
        widen(kernel_at(b->b, b->element, first * b->k + (k0 + k) * width + (column - first)), b->element, count,
              panels + k * PANEL + (column - n0 - n));
      column += count;
    }
  }
}

static void matmul_pack(const void *source, int64_t k0, int64_t depth, int64_t n0, int64_t columns, float *panels) {
  const matmul_b *b = source;
  if (b->panel > 0) {
    matmul_repack(b, k0, depth, n0, columns, panels);
    return;
  }
  for (int64_t n = 0; n < columns; n += PANEL, panels += depth * PANEL) {
    const int64_t valid = kernel_least(PANEL, columns - n);
    if (b->column == 1) {
      for (int64_t k = 0; k < depth; k++) {
        const int64_t start = (k0 + k) * b->row + n0 + n;
        float *target = panels + k * PANEL;
        if (b->element == INGOT_F32 && valid == PANEL) {
          for (int v = 0; v < PANEL; v += LANES) v_store(target + v, v_load((const float *)b->b + start + v));
        } else {
          widen(kernel_at(b->b, b->element, start), b->element, valid, target);
          for (int64_t j = valid; j < PANEL; j++) target[j] = 0;
        }
      }
    } else if (b->element == INGOT_F32) {
      const float *first = (const float *)b->b + k0 * b->row + (n0 + n) * b->column;
      for (int64_t k = 0; k < depth; k++) {
        float *target = panels + k * PANEL;
        for (int64_t j = 0; j < valid; j++) target[j] = first[k * b->row + j * b->column];
        for (int64_t j = valid; j < PANEL; j++) target[j] = 0;
      }
    } else {
      for (int64_t k = 0; k < depth; k++) {
        float *target = panels + k * PANEL;
        for (int64_t j = 0; j < PANEL; j++)
          target[j] = j < valid ? one_float(b->b, b->element, (k0 + k) * b->row + (n0 + n + j) * b->column) : 0;
      }
    }
  }
}

KERNEL_INLINE int matmul_is_dot(const kernel_matmul *p) {
  if (p->a_panel != 0 || p->m > DOT_ROWS || p->a_column != 1) return 0;
  return p->storage.bits != 0 || (p->b_panel == 0 && p->b_row == 1 && p->b_column != 1);
}

static int64_t matmul_batches(const kernel_matmul *p) {
  int64_t count = 1;
  for (uint32_t i = 0; i < p->batch_rank; i++) count *= p->batch[i];
  return count;
}

static kernel_work matmul_work(const void *arguments) {
  const kernel_matmul *p = arguments;
  const int64_t batches = matmul_batches(p);
  if (matmul_is_dot(p)) {
    return (kernel_work){batches * kernel_ceil_divide(p->n, DOT_COLUMNS), sizeof(float) * (DOT_ROWS + 4) * DEPTH};
  }
  const int64_t rows = gemm_block_rows(p->m, p->n, batches);
  return (kernel_work){batches * kernel_ceil_divide(p->m, rows) * kernel_ceil_divide(p->n, BLOCK_COLUMNS),
                       gemm_scratch_bytes(p->a_panel)};
}

/* sums[row][column] over one stretch of k, four columns at a time. */
KERNEL_INLINE void matmul_dot_stretch(const int rows, int64_t depth, const float *const *a, const float *const *b,
                                      vf sums[DOT_ROWS][4]) {
  int64_t k = 0;
  for (; k + LANES <= depth; k += LANES) {
    KERNEL_UNROLL
    for (int c = 0; c < 4; c++) {
      const vf factor = v_load(b[c] + k);
      KERNEL_UNROLL
      for (int r = 0; r < rows; r++) sums[r][c] = v_fma(v_load(a[r] + k), factor, sums[r][c]);
    }
  }
  if (k < depth) {
    float tail[LANES] = {0}, other[LANES] = {0};
    const size_t bytes = (size_t)(depth - k) * sizeof(float);
    KERNEL_UNROLL
    for (int c = 0; c < 4; c++) {
      memcpy(tail, b[c] + k, bytes);
      const vf factor = v_load(tail);
      KERNEL_UNROLL
      for (int r = 0; r < rows; r++) {
        memcpy(other, a[r] + k, bytes);
        sums[r][c] = v_fma(v_load(other), factor, sums[r][c]);
      }
    }
  }
}

static void matmul_dot(const kernel_matmul *p, int64_t a0, int64_t b0, int64_t y0, int64_t n0, int64_t n1, float *scratch) {
  const int rows = (int)p->m;
  const stored weights = {p->b, p->b_element, 0, p->storage};
  const int by_scale = p->storage.bits != 0 && p->storage.palette == NULL;
  for (int64_t n = n0; n < n1; n += 4) {
    const int columns = (int)kernel_least(4, n1 - n);
    vf sums[DOT_ROWS][4];
    for (int r = 0; r < DOT_ROWS; r++)
      for (int c = 0; c < 4; c++) sums[r][c] = v_set(0);
    for (int64_t k0 = 0; k0 < p->k; k0 += DEPTH) {
      const int64_t depth = kernel_least(DEPTH, p->k - k0);
      const float *a[DOT_ROWS], *b[4];
      for (int r = 0; r < rows; r++)
        a[r] = floats(p->a, p->a_element, a0 + r * p->a_row + k0, depth, scratch + r * DEPTH);
      if (by_scale) {
        for (int c = 0; c < columns; c++) stored_dot(&weights, rows, n + c, k0, depth, a, sums, c);
        continue;
      }
      for (int c = 0; c < 4; c++) {
        float *space = scratch + (DOT_ROWS + c) * DEPTH;
        if (c >= columns) b[c] = b[0];
        else if (p->storage.bits == 0) b[c] = floats(p->b, p->b_element, b0 + (n + c) * p->b_column + k0, depth, space);
        else stored_widen(&weights, n + c, k0, depth, space), b[c] = space;
      }
      switch (rows) {
        case 1: matmul_dot_stretch(1, depth, a, b, sums); break;
        case 2: matmul_dot_stretch(2, depth, a, b, sums); break;
        case 3: matmul_dot_stretch(3, depth, a, b, sums); break;
        default: matmul_dot_stretch(4, depth, a, b, sums); break;
      }
    }
    for (int r = 0; r < rows; r++) {
      float row[LANES < 4 ? 4 : LANES] = {0};
      for (int c = 0; c < columns; c++) {
        row[c] = v_sum(sums[r][c]);
        if (p->bias != NULL) row[c] += one_float(p->bias, p->bias_element, p->bias_per_row ? r : n + c);
      }
      activate(&p->activation, row, LANES);
      narrow(row, columns, kernel_at_mutable(p->y, p->y_element, y0 + r * p->n + n), p->y_element);
    }
  }
}

static void matmul_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_matmul *p = arguments;
  const int dot = matmul_is_dot(p);
  const int64_t rows = dot ? p->m : gemm_block_rows(p->m, p->n, matmul_batches(p));
  const int64_t width = dot ? DOT_COLUMNS : BLOCK_COLUMNS;
  const int64_t across = kernel_ceil_divide(p->n, width), down = kernel_ceil_divide(p->m, rows);
  for (int64_t item = begin; item < end; item++) {
    const int64_t batch = item / (across * down);
    const int64_t m0 = item / across % down * rows, n0 = item % across * width;
    const int64_t m1 = kernel_least(m0 + rows, p->m), n1 = kernel_least(n0 + width, p->n);
    int64_t rest = batch, a0 = 0, b0 = 0;
    for (uint32_t i = p->batch_rank; i-- > 0; rest /= p->batch[i]) {
      a0 += rest % p->batch[i] * p->a_batch[i];
      b0 += rest % p->batch[i] * p->b_batch[i];
    }
    if (dot) {
      matmul_dot(p, a0, b0, batch * p->m * p->n, n0, n1, scratch);
      continue;
    }
    const stored weights = {p->b, p->b_element, 0, p->storage};
    const matmul_b b = {kernel_at(p->b, p->b_element, b0), p->b_element, p->b_row, p->b_column, p->b_panel, p->k, p->n};
    gemm g = {.k = p->k, .a = kernel_at(p->a, p->a_element, a0), .a_element = p->a_element, .a_row = p->a_row,
              .a_column = p->a_column, .a_panel = p->a_panel, .m = p->m, .pack = matmul_pack, .pack_source = &b,
              .y = kernel_at_mutable(p->y, p->y_element, batch * p->m * p->n), .y_element = p->y_element,
              .y_row = p->n, .bias = p->bias, .bias_element = p->bias_element, .bias_per_row = p->bias_per_row,
              .activation = p->activation};
    if (p->storage.bits != 0) g.pack = stored_pack, g.pack_source = &weights;
    if (p->b_element == INGOT_F32 && (p->b_panel > 0 || p->b_column == 1))
      g.b = b.b, g.b_row = b.row, g.b_panel = p->b_panel, g.n = p->n;
    gemm_block(&g, m0, m1, n0, n1, scratch);
  }
}
