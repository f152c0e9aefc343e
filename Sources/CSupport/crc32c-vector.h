#ifndef PITR_CRC32C_VECTOR_H
#define PITR_CRC32C_VECTOR_H

#include <stddef.h>
#include <stdint.h>

/* The reflected Castagnoli polynomial. */
#define POLYNOMIAL 0x82F63B78u

/* Shorter pieces are not worth the setting up. */
#define PITR_VECTOR_MINIMUM 256

/* Whether this processor has what the next function needs. To be asked once, before it is called. */
int pitr_crc32c_prepare_vector(void);

/* Takes in as many bytes as make whole blocks, at least PITR_VECTOR_MINIMUM; answers how many that were. */
size_t pitr_crc32c_vector(uint32_t *crc, const unsigned char *next, size_t length);

#endif
