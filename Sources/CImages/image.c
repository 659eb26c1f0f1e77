#include "image.h"

#include <stdio.h>
#include <stdlib.h>

bool ci_allocate(ci_image *image, uint32_t width, uint32_t height, uint64_t most_pixels, char *message) {
  uint64_t pixels = (uint64_t)width * height;
  if (pixels == 0 || pixels > most_pixels || pixels > SIZE_MAX / 3) {
    snprintf(
        message, CI_MESSAGE_BYTES, "has %lu x %lu pixels, more than %llu or none", (unsigned long)width,
        (unsigned long)height, (unsigned long long)most_pixels);
    return false;
  }
  image->width = width;
  image->height = height;
  image->pixels = calloc(pixels, 3);
  if (image->pixels == NULL) {
    snprintf(message, CI_MESSAGE_BYTES, "has more pixels than there is memory");
    return false;
  }
  return true;
}

void ci_release(ci_image *image) {
  free(image->pixels);
  image->pixels = NULL;
}
