// SPDX-License-Identifier: Apache-2.0
// By itself: who verifies offline reads it as well.
#include "phial/ledger/keys.h"
#include "phial/util/encode.h"

str ledger_key_announcement(struct arena *arena, str server, str previous, str public)
{
    return str_printf(arena, "phial key\n%" STR_FMT "\n%" STR_FMT "\n%" STR_FMT "\n",
                      STR_ARG(server), STR_ARG(encode_base64(arena, previous)),
                      STR_ARG(encode_base64(arena, public)));
}
