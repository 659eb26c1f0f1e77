#ifndef CIMAGES_IMAGE_H
#define CIMAGES_IMAGE_H

#include "CImages.h"

// Sets the size and makes room for the pixels; false, with a message, where they are none or too many.
bool ci_allocate(ci_image *image, uint32_t width, uint32_t height, uint64_t most_pixels, char *message);

#endif
