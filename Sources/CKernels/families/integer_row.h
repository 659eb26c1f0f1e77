/* The product of one row with lines of B that lie in groups of four: as they lie, since a panel would be read once only. */

#define INTEGER_ROW_VECTORS 8

/* A stretch of k. */
typedef struct {
  const uint8_t *b; /* the block's columns of its first group; the next lies `pitch` bytes further */
  int64_t pitch, groups;
  const uint8_t *a; /* packed; wide ones of a group in the order 0, 2, 1, 3 */
  vi flip, ones;    /* what moves narrow factors of b; factors of one */
  uint32_t element; /* of b */
} integer_row_stretch;

/* sums[column] = or += the products of `vectors` whole vectors of columns, or of `rest` columns in one; with `adds`, also the sums of
 * B's factors to column_sums. All ints are constants after inlining. */
KERNEL_INLINE void integer_row_columns(const integer_form form, const int vectors, const int64_t rest, const int adds,
                                       const integer_row_stretch *s, int64_t column, int accumulate, int32_t *sums, int64_t *column_sums) {
  vi sum[INTEGER_ROW_VECTORS], total[INTEGER_ROW_VECTORS];
  KERNEL_UNROLL
  for (int v = 0; v < vectors; v++) sum[v] = accumulate ? vi_load(sums + column + v * LANES) : v_set_int(0), total[v] = v_set_int(0);
  const uint8_t *b = s->b + 4 * column, *a = s->a;
  for (int64_t group = 0; group < s->groups; group++, b += s->pitch, a += form == INTEGER_NARROW ? 4 : 8) {
    const vi first = integer_group(a), second = form == INTEGER_NARROW ? first : integer_group(a + 4);
    KERNEL_UNROLL
    for (int v = 0; v < vectors; v++) {
      vi x = {0};
      if (rest == 0) memcpy(&x, b + 4 * v * LANES, sizeof x);
      else memcpy(&x, b, (size_t)(4 * rest));
      if (form == INTEGER_NARROW) {
        x ^= s->flip;
        sum[v] = integer_mac(form, sum[v], x, first);
        if (adds) total[v] = integer_mac(form, total[v], x, s->ones);
        continue;
      }
      const vs words = (vs)x, even = s->element == INGOT_I8 ? (words << 8) >> 8 : words & 0xff;
      const vs odd = s->element == INGOT_I8 ? words >> 8 : (words >> 8) & 0xff;
      sum[v] = integer_mac(form, integer_mac(form, sum[v], (vi)even, first), (vi)odd, second);
      if (adds) total[v] = integer_mac(form, integer_mac(form, total[v], (vi)even, s->ones), (vi)odd, s->ones);
    }
  }
  KERNEL_UNROLL
  for (int v = 0; v < vectors; v++) {
    vi_store(sums + column + v * LANES, sum[v]);
    for (int i = 0; i < LANES && adds; i++) column_sums[column + v * LANES + i] += total[v][i];
  }
}

KERNEL_INLINE void integer_row_all_columns(const integer_form form, const int adds, const integer_row_stretch *s, int64_t n, int accumulate,
                                           int32_t *sums, int64_t *column_sums) {
  int64_t j = 0;
  for (; n - j >= INTEGER_ROW_VECTORS * LANES; j += INTEGER_ROW_VECTORS * LANES)
    integer_row_columns(form, INTEGER_ROW_VECTORS, 0, adds, s, j, accumulate, sums, column_sums);
  for (; n - j >= LANES; j += LANES) integer_row_columns(form, 1, 0, adds, s, j, accumulate, sums, column_sums);
  if (j < n) integer_row_columns(form, 1, n - j, adds, s, j, accumulate, sums, column_sums);
}

/* The lines of the last group, which are less than four. */
static void integer_row_last_lines(const integer_product *g, integer_form form, const uint8_t *b, int64_t lines, const uint8_t *a, int adds,
                                   int32_t *sums, int64_t *column_sums) {
  for (int64_t i = 0; i < lines; i++) {
    int16_t word;
    memcpy(&word, a + 2 * i, sizeof word);
    const int32_t factor = form == INTEGER_NARROW ? (int8_t)a[i] : word;
    for (int64_t j = 0; j < g->columns; j++) {
      const uint8_t byte = (uint8_t)(b[j * lines + i] ^ (form == INTEGER_NARROW && g->b_element != INTEGER_NARROW_B ? 0x80 : 0));
      const int is_signed = form == INTEGER_NARROW ? INTEGER_NARROW_B == INGOT_I8 : g->b_element == INGOT_I8;
      const int32_t value = is_signed ? (int8_t)byte : byte;
      sums[j] = (int32_t)((uint32_t)sums[j] + (uint32_t)(factor * value));
      if (adds) column_sums[j] += value;
    }
  }
}

/* Whether rows [m0, m1) are one whose product this is. Wide factors of b are taken as they lie. */
static int integer_is_row(const integer_product *g, integer_form form, int64_t m0, int64_t m1) {
  if (g->groups == NULL || m1 - m0 != 1) return 0;
  if (form == INTEGER_NARROW) return 1;
  if (!INTEGER_PAIRS || g->b_element == INGOT_I16) return 0;
  for (int64_t j = 0; j < (g->b_zero_per_column ? g->columns : 1); j++)
    if (kernel_load_integer(g->b_zero, g->b_element, g->b_zero_per_column ? g->first_column + j : 0) != 0) return 0;
  return 1;
}

/* sums = or += the products of a stretch of k, whose packed row is `a`; column_sums += the factors of B, if `adds`. */
static void integer_row_stretch_sums(const integer_product *g, integer_form form, const uint8_t *a, int64_t k0, int64_t depth, int adds,
                                     int accumulate, int32_t *sums, int64_t *column_sums) {
  const int16_t words[2] = {1, 1};
  const int8_t bytes[4] = {1, 1, 1, 1};
  int16_t order[INTEGER_MAX_DEPTH];
  integer_row_stretch s = {.b = g->groups + k0 / 4 * g->group_row, .pitch = g->group_row, .groups = depth / 4, .a = a,
                           .flip = v_set_int(form == INTEGER_NARROW && g->b_element != INTEGER_NARROW_B ? (int32_t)0x80808080u : 0),
                           .ones = form == INTEGER_NARROW ? integer_group(bytes) : integer_group(words), .element = g->b_element};
  if (form == INTEGER_WIDE) {
    for (int64_t i = 0; i < s.groups; i++) {
      int16_t group[4];
      memcpy(group, a + 8 * i, sizeof group);
      order[4 * i] = group[0], order[4 * i + 1] = group[2], order[4 * i + 2] = group[1], order[4 * i + 3] = group[3];
    }
    s.a = (const uint8_t *)order;
  }
#if INTEGER_HAS_NARROW
  if (form == INTEGER_NARROW && adds) integer_row_all_columns(INTEGER_NARROW, 1, &s, g->columns, accumulate, sums, column_sums);
  else if (form == INTEGER_NARROW) integer_row_all_columns(INTEGER_NARROW, 0, &s, g->columns, accumulate, sums, column_sums);
  else
#endif
  if (adds) integer_row_all_columns(INTEGER_WIDE, 1, &s, g->columns, accumulate, sums, column_sums);
  else integer_row_all_columns(INTEGER_WIDE, 0, &s, g->columns, accumulate, sums, column_sums);
  const int64_t whole = s.groups * 4;
  /* The last group's columns lie by as many bytes as it has lines. */
  const uint8_t *last = g->groups - 4 * g->first_column + (k0 + whole) / 4 * g->group_row + (depth - whole) * g->first_column;
  if (whole < depth) integer_row_last_lines(g, form, last, depth - whole, a + whole * (form == INTEGER_NARROW ? 1 : 2), adds, sums, column_sums);
}
