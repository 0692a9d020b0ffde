// SPDX-License-Identifier: Apache-2.0
// wire.h - numbers and instants in PostgreSQL's binary format: big-endian, microseconds since 2000.
#pragma once

#include "phial/time/time.h"
#include "phial/util/buf.h"

static const int64_t wire_epoch_us = 946684800000000; // 2000-01-01T00:00:00Z

// The `len` low bytes, highest first.
static inline void wire_add(struct buf *bytes, uint64_t number, size_t len)
{
    char *room = buf_room(bytes, len);
    for (size_t i = 0; i < len; i++)
        room[i] = (char)(unsigned char)(number >> (8 * (len - 1 - i)));
}

static inline uint64_t wire_read(str bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.len; i++)
        number = number << 8 | (unsigned char)bytes.ptr[i];
    return number;
}

static inline uint64_t wire_from_instant(instant at)
{
    return (uint64_t)at.us - (uint64_t)wire_epoch_us;
}

static inline instant wire_to_instant(uint64_t number)
{
    return (instant){(int64_t)(number + (uint64_t)wire_epoch_us)};
}
