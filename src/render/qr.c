// SPDX-License-Identifier: Apache-2.0
#include "qr.h"

#include <qrencode.h>

result qr_make(struct arena *arena, str text, struct qr *qr)
{
    QRcode *code = QRcode_encodeString8bit(str_to_c(arena, text), 0, QR_ECLEVEL_M);
    if (code == NULL)
        return FAIL(INVALID, "the ledger's checkpoint is too long for a QR code");
    size_t side = (size_t)code->width;
    bool *dark = arena_array(arena, bool, side *side);
    for (size_t i = 0; i < side * side; i++)
        dark[i] = (code->data[i] & 1) != 0;
    QRcode_free(code);
    *qr = (struct qr){side, dark};
    return OK;
}
