/* What the implementations of SHA-256 share. */
#ifndef INGOT_SHA256_H
#define INGOT_SHA256_H

#include "ingot_format.h"

extern const uint32_t ingot_sha256_constants[64];

/* Whether this CPU has instructions for SHA-256 that this build knows. */
bool ingot_sha256_has_instructions(void);
/* Adds blocks of 64 bytes to the state by these instructions. */
void ingot_sha256_accelerated(uint32_t state[8], const uint8_t *data, size_t blocks);

#endif
