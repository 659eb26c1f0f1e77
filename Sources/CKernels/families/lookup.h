/* Functions read from tables: of 8 bits as they stand, of 16 bits between two entries. */

static kernel_work lookup_work(const void *arguments) {
  const kernel_lookup *p = arguments;
  return (kernel_work){quantized_chunks(&p->rows, &p->pieces, &p->rescaling), 0};
}

#define LOOKUP_BYTES(type)                                              \
  {                                                                     \
    const type *entries = table;                                        \
    type *target = (type *)y + first;                                   \
    for (int64_t i = 0; i < n; i++) target[i] = entries[x[i] ^ flip];   \
    break;                                                              \
  }
/* Entries of as many bytes at n places; the lowest number of x has the first. */
KERNEL_STATIC void lookup_entries(const void *table, int64_t bytes, const uint8_t *x, uint8_t flip, int64_t n, void *y, int64_t first) {
  switch (bytes) {
    case 1: LOOKUP_BYTES(uint8_t)
    case 2: LOOKUP_BYTES(uint16_t)
    default: LOOKUP_BYTES(uint32_t)
  }
}
#undef LOOKUP_BYTES

/* A table's entries, all rescaled as one channel's. */
KERNEL_STATIC void lookup_rescaled(const kernel_lookup *p, int64_t channel, void *table) {
  int32_t v[QUANTIZED_ROOM];
  quantized_load(p->table, p->table_element, 0, 256, 1, 0, v);
  rescale_block(&p->rescaling, v, 256, channel, 0, table, 0);
}

static void lookup_small(const kernel_lookup *p, quantized_part part) {
  const kernel_rescaling *r = &p->rescaling;
  const uint8_t flip = p->x_element == INGOT_I8 ? 0x80 : 0, *x = (const uint8_t *)p->x + part.x;
  const int64_t bytes = kernel_element_bytes(r->y_element);
  if (r->multiplier == NULL) {
    lookup_entries(p->table, bytes, x, flip, part.n, p->y, part.y);
    return;
  }
  if (!r->per_channel || (!part.step && part.n >= 256)) {
    union {
      uint8_t one[256];
      uint16_t two[256];
      uint32_t four[256];
    } table;
    lookup_rescaled(p, part.channel, &table);
    lookup_entries(&table, bytes, x, flip, part.n, p->y, part.y);
    return;
  }
  int32_t v[QUANTIZED_ROOM];
  for (int64_t i = 0; i < part.n; i += QUANTIZED_BLOCK) {
    const int64_t n = kernel_least(QUANTIZED_BLOCK, part.n - i);
    for (int64_t j = 0; j < n; j++) v[j] = (int32_t)kernel_load_integer(p->table, p->table_element, x[i + j] ^ flip);
    for (int64_t j = n; j % LANES != 0; j++) v[j] = 0;
    rescale_block(r, v, n, part.channel + part.step * i, part.step, p->y, part.y + i);
  }
}

static void lookup_fine(const kernel_lookup *p, quantized_part part) {
  const int16_t *x = (const int16_t *)p->x + part.x;
  int32_t v[QUANTIZED_ROOM];
  for (int64_t i = 0; i < part.n; i += QUANTIZED_BLOCK) {
    const int64_t n = kernel_least(QUANTIZED_BLOCK, part.n - i);
    table_between(p->table, x + i, n, v);
    for (int64_t j = n; j % LANES != 0; j++) v[j] = 0;
    if (p->rescaling.multiplier != NULL) {
      rescale_block(&p->rescaling, v, n, part.channel + part.step * i, part.step, p->y, part.y + i);
      continue;
    }
    for (int64_t j = 0; j < n; j += LANES) vi_store(v + j, (vi_load(v + j) + 64) >> 7);
    quantized_store(v, n, p->y, INGOT_I16, part.y + i);
  }
}

static void lookup_run(const void *arguments, int64_t begin, int64_t end, void *scratch) {
  const kernel_lookup *p = arguments;
  (void)scratch;
  for (int64_t item = begin; item < end; item++) {
    const quantized_part part = quantized_chunk(&p->rows, &p->pieces, &p->rescaling, item);
    if (p->x_element == INGOT_I16) lookup_fine(p, part);
    else lookup_small(p, part);
  }
}
