#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include "image.h"

typedef struct {
  const uint8_t *bytes;
  size_t count;
} Rest;

static void fail(png_structp png, png_const_charp text) {
  snprintf(png_get_error_ptr(png), CI_MESSAGE_BYTES, "is a damaged PNG file (%s)", text);
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void take(png_structp png, png_bytep target, size_t count) {
  Rest *rest = png_get_io_ptr(png);
  if (count > rest->count) png_error(png, "it ends early");
  memcpy(target, rest->bytes, count);
  rest->bytes += count;
  rest->count -= count;
}

bool ci_decode_png(const void *bytes, size_t count, uint64_t most_pixels, ci_image *image, char *message) {
  image->pixels = NULL;
  Rest rest = {bytes, count};
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore);
  png_infop info = png == NULL ? NULL : png_create_info_struct(png);
  if (info == NULL) {
    png_destroy_read_struct(&png, NULL, NULL);
    snprintf(message, CI_MESSAGE_BYTES, "can't be read by the system's libpng");
    return false;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    ci_release(image);
    return false;
  }
  // Texts and profiles beside the pixels are not used and may unpack to any size.
  png_set_chunk_cache_max(png, 64);
  png_set_chunk_malloc_max(png, 1 << 20);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
  png_set_read_fn(png, &rest, take);
  png_read_info(png, info);
  if (!ci_allocate(image, png_get_image_width(png, info), png_get_image_height(png, info), most_pixels, message)) {
    png_longjmp(png, 1);
  }
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_strip_alpha(png);
  png_set_gray_to_rgb(png);
  int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  size_t row = (size_t)image->width * 3;
  if (png_get_rowbytes(png, info) != row) png_error(png, "its pixels are of no known kind");
  for (int pass = 0; pass < passes; pass++) {
    for (size_t y = 0; y < image->height; y++) png_read_row(png, image->pixels + y * row, NULL);
  }
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  return true;
}
