/* The manifest's claims about work, held against the programs. Only what leads there is understood; the rest is passed over,
 * without recursion, so that no nesting exhausts the stack. */
#include "internal.h"

#include <string.h>

#define MAX_DEPTH 64

typedef struct {
  const char *text;
  size_t bytes, at;
} reader;

/* The next character after white space, 0 at the end. */
static char peek(reader *r) {
  while (r->at < r->bytes && memchr(" \t\r\n", r->text[r->at], 4) != NULL) r->at++;
  return r->at < r->bytes ? r->text[r->at] : 0;
}

static bool take(reader *r, char character) {
  if (peek(r) != character || r->at == r->bytes) return false;
  r->at++;
  return true;
}

/* Passes a string; its contents lie between *start and *end, with escapes as they stand. */
static bool take_string(reader *r, size_t *start, size_t *end) {
  if (!take(r, '"')) return false;
  *start = r->at;
  while (r->at < r->bytes && r->text[r->at] != '"') r->at += r->text[r->at] == '\\' ? 2 : 1;
  if (r->at >= r->bytes) return false;
  *end = r->at++;
  return true;
}

/* Passes a key and its colon. */
static bool take_key(reader *r, size_t *start, size_t *end) { return take_string(r, start, end) && take(r, ':'); }

/* Passes a number, true, false or null. */
static bool take_word(reader *r) {
  const size_t start = r->at;
  while (r->at < r->bytes && strchr("+-.0123456789Eaeflnrstu", r->text[r->at]) != NULL && r->text[r->at] != 0) r->at++;
  return r->at > start;
}

/* Passes one value of any kind. */
static bool skip_value(reader *r) {
  uint64_t objects = 0; /* bit d: whether what is open at depth d is an object */
  uint32_t depth = 0;
  size_t start, end;
  for (;;) {
    const char first = peek(r);
    if (first == '{' || first == '[') {
      if (depth == MAX_DEPTH) return false;
      r->at++;
      objects = objects << 1 | (first == '{');
      depth++;
      if (peek(r) != (first == '{' ? '}' : ']')) {
        if (first == '{' && !take_key(r, &start, &end)) return false;
        continue;
      }
    } else if (first == '"' ? !take_string(r, &start, &end) : !take_word(r)) {
      return false;
    }
    /* A value has ended, or something empty is about to. */
    while (depth > 0 && take(r, (objects & 1) != 0 ? '}' : ']')) {
      objects >>= 1;
      depth--;
    }
    if (depth == 0) return true;
    if (!take(r, ',') || ((objects & 1) != 0 && !take_key(r, &start, &end))) return false;
  }
}

/* A whole number without sign, fraction or exponent. */
static bool take_count(reader *r, uint64_t *count) {
  peek(r);
  const size_t start = r->at;
  *count = 0;
  for (; r->at < r->bytes && r->text[r->at] >= '0' && r->text[r->at] <= '9'; r->at++)
    *count = ingot_saturating_sum(ingot_saturating_product(*count, 10), (uint64_t)(r->text[r->at] - '0'));
  const size_t end = r->at;
  return end > start && !take_word(r);
}

static bool is_key(const reader *r, size_t start, size_t end, const char *key) {
  return end - start == strlen(key) && memcmp(r->text + start, key, end - start) == 0;
}

static ingot_status unreadable(const reader *r, const ingot_report *report) {
  return ingot_fail(report, INGOT_ERROR_INVALID, "the manifest can't be read at byte %llu; compile the model again",
                    (unsigned long long)r->at);
}

/* One entry of "functions". A key with an escape could be read as another one elsewhere. */
static ingot_status check_entry(const ingot_bundle *bundle, reader *r, uint32_t function, const ingot_report *report) {
  if (!take(r, '{')) return unreadable(r, report);
  if (take(r, '}')) return INGOT_OK;
  do {
    size_t start, end;
    uint64_t count;
    if (!take_key(r, &start, &end) || memchr(r->text + start, '\\', end - start) != NULL) return unreadable(r, report);
    if (!is_key(r, start, end, "macs")) {
      if (!skip_value(r)) return unreadable(r, report);
      continue;
    }
    if (!take_count(r, &count)) return unreadable(r, report);
    if (count != bundle->functions[function].multiply_adds)
      return ingot_fail(report, INGOT_ERROR_INVALID,
                        "the manifest says that function '%s' makes %llu multiply-adds, its program makes %llu; compile the model again",
                        ingot_function_name(bundle, function, NULL), (unsigned long long)count,
                        (unsigned long long)bundle->functions[function].multiply_adds);
  } while (take(r, ','));
  return take(r, '}') ? INGOT_OK : unreadable(r, report);
}

static ingot_status miscounted(const ingot_bundle *bundle, uint32_t count, const ingot_report *report) {
  return ingot_fail(report, INGOT_ERROR_INVALID, "the manifest describes %s%u functions, the bundle has %u; compile the model again",
                    count > bundle->function_count ? "at least " : "", count, bundle->function_count);
}

static ingot_status check_entries(const ingot_bundle *bundle, reader *r, const ingot_report *report) {
  uint32_t count = 0;
  if (!take(r, '[')) return unreadable(r, report);
  if (!take(r, ']')) {
    do {
      if (count == bundle->function_count) return miscounted(bundle, count + 1, report);
      const ingot_status status = check_entry(bundle, r, count++, report);
      if (status != INGOT_OK) return status;
    } while (take(r, ','));
    if (!take(r, ']')) return unreadable(r, report);
  }
  return count == bundle->function_count ? INGOT_OK : miscounted(bundle, count, report);
}

ingot_status ingot_check_manifest(const ingot_bundle *bundle, const ingot_report *report) {
  reader r = {bundle->manifest, bundle->manifest_bytes, 0};
  if (!take(&r, '{')) return unreadable(&r, report);
  if (!take(&r, '}')) {
    do {
      size_t start, end;
      if (!take_key(&r, &start, &end) || memchr(r.text + start, '\\', end - start) != NULL) return unreadable(&r, report);
      if (is_key(&r, start, end, "functions")) {
        const ingot_status status = check_entries(bundle, &r, report);
        if (status != INGOT_OK) return status;
      } else if (!skip_value(&r)) {
        return unreadable(&r, report);
      }
    } while (take(&r, ','));
    if (!take(&r, '}')) return unreadable(&r, report);
  }
  return peek(&r) == 0 && r.at == r.bytes ? INGOT_OK : unreadable(&r, report);
}
