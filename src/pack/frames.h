// SPDX-License-Identifier: GPL-3.0-or-later
/* pack/frames.h: integers in frames of 128 of one width, the few that do not fit patched in
 * after: quick to read (patched frame of reference; Zukowski and others, "Super-Scalar RAM-CPU
 * Cache Compression", ICDE 2006). The bytes are in docs/format.md. */
#ifndef PACK_FRAMES_H
#define PACK_FRAMES_H

#include "base/buf.h"
#include "pack/varint.h"

#include <stddef.h>
#include <stdint.h>

void bw_frames_encode(struct bw_buf *out, const int64_t *values, size_t count);

/* Exactly `count` integers; malformed bytes set in->bad. */
void bw_frames_decode(struct bw_bytes *in, int64_t *out, size_t count);

#endif
