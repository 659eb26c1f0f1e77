/* What tests of ops on quantized integers share. */
#ifndef RESCALED_H
#define RESCALED_H

#include "opcase.h"

/* i8, u8, i16, i32, and the numbers that they hold. */
extern const uint8_t quantized_elements[4];
int64_t least_of(uint8_t element);
int64_t most_of(uint8_t element);
array any_integers(builder_type type, uint64_t *seed);

/* product / 2^shift, rounded as an INGOT_RESCALE_*. */
int64_t rounded_quotient(int64_t product, int64_t shift, uint64_t rounding);
/* Rounding and limits of case n, as attributes hold them. */
void set_rescaling(uint64_t *attributes, int n);
/* Appends multiplier, shift and zero point: those of scales where `usual`, else any. */
void add_parameters(opcase *c, uint64_t *seed, int channels, bool per_channel, bool usual, uint8_t element);
/* product / 2^shift, with the zero point that is the last input of the case, limited. */
double finished(const opcase *c, int64_t product, int64_t shift, const uint64_t *attributes);
/* The result of one value of a channel; parameters are the last three inputs of the case. */
double rescaled(const opcase *c, int64_t v, int64_t channel, const uint64_t *attributes);

#endif
