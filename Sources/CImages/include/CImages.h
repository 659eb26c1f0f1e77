// PNG and JPEG files in memory as rows of red, green and blue bytes, by the system's libpng and libjpeg. Both libraries
// leave a failed call by longjmp, which Swift can't be left by: here it becomes a result.
#ifndef CIMAGES_H
#define CIMAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t width, height;
  // width * height * 3 bytes, from the upper left; ci_release frees them.
  uint8_t *pixels;
} ci_image;

enum { CI_MESSAGE_BYTES = 256 };

// Decode a whole file. Where it is damaged, cut off or has more than `most_pixels`, they return false, write a clause
// that says what is wrong with it ("has ...") to `message`, of CI_MESSAGE_BYTES, and leave nothing to release.
// 16-bit samples are rounded to 8, transparency is left out, gray and palettes become red, green and blue.
bool ci_decode_png(const void *bytes, size_t count, uint64_t most_pixels, ci_image *image, char *message);
// Gray and the usual luminance and chrominance; four inks (CMYK) are refused.
bool ci_decode_jpeg(const void *bytes, size_t count, uint64_t most_pixels, ci_image *image, char *message);

void ci_release(ci_image *image);

#endif
