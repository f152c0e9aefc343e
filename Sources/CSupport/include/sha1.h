#pragma once

#include <stddef.h>
#include <stdint.h>

/// Whether this processor has instructions for SHA-1.
int pitr_sha1_is_there(void);

/// Takes blocks of 64 bytes each into the five words of a SHA-1 state, by those instructions.
void pitr_sha1_mix(uint32_t state[5], const void *data, size_t blocks);
