// SPDX-License-Identifier: GPL-3.0-or-later
/* A journal row's body: 8 bytes of sequence, then the body. The checksum is put right first,
 * so that what lies behind it is reached. */
#include "base/crc32c.h"
#include "pack/journal.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 16)
        return 0;
    uint8_t *copy = malloc(size);
    memcpy(copy, data, size);
    uint64_t seq = 0;
    for (unsigned i = 0; i < 8; i++)
        seq |= (uint64_t)copy[i] << (8 * i);
    const uint32_t crc = bw_crc32c(bw_crc32c(0, copy, 8), copy + 16, size - 16);
    for (unsigned i = 0; i < 4; i++)
        copy[12 + i] = (uint8_t)(crc >> (8 * i));
    struct bw_samples samples = { 0 };
    if (bw_journal_decode(seq, copy + 8, size - 8, &samples, NULL) == BW_OK) {
        struct bw_samples again = { 0 };
        struct bw_journal_row row;
        bw_journal_row_init(&row);
        bw_journal_row_add(&row, samples.items, samples.count);
        const struct bw_buf *body = bw_journal_row_body(&row, seq);
        if (bw_journal_decode(seq, body->data, body->len, &again, NULL) != BW_OK
            || again.count != samples.count
            || memcmp(&again.items[0].value, &samples.items[0].value, sizeof(double)) != 0)
            abort();
        bw_journal_row_fini(&row);
        bw_samples_fini(&again);
    }
    bw_samples_fini(&samples);
    free(copy);
    return 0;
}
